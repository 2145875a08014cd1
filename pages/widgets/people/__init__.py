"""People and their faces, and deciding about them."""
