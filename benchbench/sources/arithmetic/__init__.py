"""Exhibit `arithmetic`: chains of arithmetic whose every step code can check."""

from benchbench.sources.arithmetic.source import SOURCE

__all__ = ["SOURCE"]
