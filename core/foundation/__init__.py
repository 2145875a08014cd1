"""What everything stands on: arrays, skeletons, geometry, errors, names, settings, progress, the workspace."""
