"""Clips: tracks through frames, overlays, stability."""
