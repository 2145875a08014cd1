"""Figures of points, clusters, pairs and motion, with intervals over groups."""
