"""Reads of what moves: clips, their tracks, and parts of them."""
