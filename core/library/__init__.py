"""Datasets, pictures and clips: how they come in, where they lie, how they are served."""
