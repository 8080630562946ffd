"""Gates of the embedded setting."""
