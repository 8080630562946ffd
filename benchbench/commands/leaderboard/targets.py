"""Which recipes a leaderboard is made of, and in what they may differ."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.errors import BenchError, Fault
from benchbench.recipe import library
from benchbench.recipe.load import Loaded

NO_METHODS = ("sft", "reward_model")
"""What a comparison has without being asked, or trains only for others."""
OWN_DATA = "data.transforms"
"""What a method's training data are made of: its recipe may change this key of the setting, and its row says so."""


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


def refuse_other_settings(loaded: Sequence[Loaded]) -> None:
    """Refuse recipes that change more of the setting than what their own training data are made of.

    Raises:
        BenchError: which key of which recipe.
    """
    faults = [
        Fault(item.label, f"changes {', '.join(others)} of its setting; only {OWN_DATA} may be a method's own")
        for item in loaded
        if (others := [key for key in item.setting_overrides if key != OWN_DATA and item.origins.get(key) != "--set"])
    ]
    if faults:
        raise BenchError.of_faults("leaderboard", faults)


def _label(name: str, variant: str) -> str:
    return name if variant == "default" else f"{name}@{variant}"
