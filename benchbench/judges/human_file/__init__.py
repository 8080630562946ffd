"""Exhibit `human_file`: verdicts that people wrote down."""

from benchbench.judges.human_file.judge import JUDGE

__all__ = ["JUDGE"]
