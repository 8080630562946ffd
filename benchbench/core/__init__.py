"""Nouns without input or output; this package imports nothing of ours."""
