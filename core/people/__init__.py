"""Faces and whose they are: finding, grouping, deciding, searching."""
