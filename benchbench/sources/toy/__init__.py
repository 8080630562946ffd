"""Exhibit `toy`: the embedded toy world."""

from benchbench.sources.toy.source import SOURCE

__all__ = ["SOURCE"]
