"""Exhibit `hub`: a dataset of the hub."""

from benchbench.sources.hub.source import SOURCE

__all__ = ["SOURCE"]
