"""Exhibit `beginnings`: texts cut into a prompt and how it goes on."""

from benchbench.sources.beginnings.source import SOURCE

__all__ = ["SOURCE"]
