"""The work of the team."""
