"""Exhibit `reward_model`: the higher reward wins."""

from benchbench.judges.reward_model.judge import JUDGE

__all__ = ["JUDGE"]
