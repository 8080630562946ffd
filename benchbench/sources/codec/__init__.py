"""Exhibit `codec`: speech codes whose exact likelihood is known."""

from benchbench.sources.codec.source import SOURCE

__all__ = ["SOURCE"]
