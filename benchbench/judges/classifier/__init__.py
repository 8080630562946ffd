"""Exhibit `classifier`: the text that has a label more surely wins."""

from benchbench.judges.classifier.judge import JUDGE

__all__ = ["JUDGE"]
