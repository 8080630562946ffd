"""Reference results regress."""
