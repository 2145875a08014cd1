"""Networks that find faces, mark them and tell them apart."""
