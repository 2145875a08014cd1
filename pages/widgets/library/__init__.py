"""Importing, and pictures as tiles."""
