"""VERSION of every stage: raised by hand when its numbers change, and part of its fingerprint. No torch here."""

from __future__ import annotations

VERSIONS = {"sft": 1, "reward_model": 2, "preference": 1, "score": 3, "reward": 1, "generate": 3, "judge": 2}
"""By kind of stage; that of `score` stands in every score row as `scorer_version`."""
