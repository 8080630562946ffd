"""`bench init`."""
