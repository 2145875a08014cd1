"""Points of faces and bodies: revisions, annotating, label files."""
