"""Clips, overlays and the stability of points."""
