"""Training, and the models that come of it."""
