"""What more than one subject shows."""
