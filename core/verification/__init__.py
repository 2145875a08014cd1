"""Pairs of faces, thresholds, and what a threshold would do."""
