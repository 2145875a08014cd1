"""The pictures that show somebody: who is meant, what a picture has to show, and what it comes to."""
