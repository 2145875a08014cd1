"""Grouping of face embeddings under what people have decided."""
