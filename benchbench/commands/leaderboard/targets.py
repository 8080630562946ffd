"""Which recipes a leaderboard is made of."""

from __future__ import annotations

from benchbench.core.errors import BenchError
from benchbench.recipe import library

NO_METHODS = ("sft", "reward_model")
"""What a comparison has without being asked, or trains only for others."""


def setting_targets(setting: str, *, baseline: str) -> list[str]:
    """Labels of the recipes of a setting, the baseline's first; the SFT policy gets its row without being named.

    Raises:
        BenchError: no recipe of the setting, or none of the baseline.
    """
    entries = [entry for entry in library.entries() if not entry.is_setting and entry.setting_name == setting]
    trained = [entry for entry in entries if entry.method[0] not in NO_METHODS]
    if not trained:
        raise BenchError(f"--setting: expected a setting with recipes of methods, found none for '{setting}'")
    labels = dict.fromkeys(_label(*entry.method) for entry in trained)
    if baseline not in labels:
        raise BenchError(f"--baseline: setting '{setting}' has no recipe of '{baseline}'")
    return [baseline, *(label for label in labels if label != baseline)]


def _label(name: str, variant: str) -> str:
    return name if variant == "default" else f"{name}@{variant}"
