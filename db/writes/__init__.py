"""Small writes that several rooms share."""
