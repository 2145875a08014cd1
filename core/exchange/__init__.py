"""Datasets that leave and come back."""
