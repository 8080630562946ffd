"""What each selector takes, for the contract: options, and what its labels need besides scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One selector's options in the contract."""

    options: Mapping[str, Any] = field(default_factory=dict)
    drops_ties: bool = True
    """Whether a group of equal scores gives no row."""
    cuts: bool = True
    """Whether it reads whether a response was cut."""
    columns: tuple[str, ...] = ()
    """Columns that the labels must have."""


CASES = {
    "accepted_rejected": Case(),
    "against_mixture": Case({"opponent": "data"}, drops_ties=False),
    "all_candidates": Case(drops_ties=False),
    "all_draws": Case(drops_ties=False, cuts=False),
    "all_pairs": Case(),
    "arm_pairs": Case(),
    "best_random": Case(),
    "best_second": Case(),
    "best_worst": Case(),
    "budgeted": Case({"pairs": 5}),
    "consistent": Case({"other": "before"}, columns=("before",)),
    "diverse": Case({"pairs": 3}),
    "golden_vs_self": Case(drops_ties=False),
    "margin": Case(),
    "mc_dropout_confidence": Case(columns=("pass_1",)),
    "mu_two_sigma": Case(),
    "pass_rate_band": Case({"right_from": 2.0}),
    "path_alone": Case({"path": ""}, drops_ties=False),
    "path_siblings": Case(),
    "prompted_pairs": Case({"better": "data", "worse": "policy"}, drops_ties=False),
    "rated_pairs": Case({"opponent": "data"}, drops_ties=False),
    "right_alone": Case({"right_from": 2.0}),
    "right_wrong": Case({"pairs": 3, "right_from": 2.0}),
    "rso": Case({"accept": 4}),
    "split_pair": Case(drops_ties=False, cuts=False),
    "steered_pairs": Case({"better": "data", "worse": "policy"}, drops_ties=False),
    "threshold": Case({"eta": 0.6}),
    "west_of_n": Case({"share": 0.5}),
}
