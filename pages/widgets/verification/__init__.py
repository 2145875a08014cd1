"""Pairs, the threshold, and the figures at it."""
