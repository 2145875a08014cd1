"""Reads for whoever learns."""
