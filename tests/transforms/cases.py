"""For every transform data that it takes and options that are right, for the contract that all of them keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchbench.core.example import Example
from tests.transforms.toys import labelled, pair, several


@dataclass(frozen=True)
class Case:
    """Examples and options of one transform."""

    examples: Sequence[Example]
    options: dict[str, Any] = field(default_factory=dict)
    sorts: bool = False
    """Whether it is there to change the order of the examples."""


SCORES = ((1.0, 5.0, 3.0, 2.0), (2.0, 2.0, 2.0, 2.0), (4.0, math.nan, 1.0, 0.0), (9.0, 7.0, 8.0, 1.0))
CANDIDATES = [several(f"e{i}", SCORES[i % 4], implicit_reward=(0.1, 0.4, 0.2, float(i))) for i in range(24)]
RATED = [replace(pair(f"e{i}"), ratings=(float(i % 7), 2.5)) for i in range(24)]
TEXTS = [
    pair(
        f"e{i}",
        "step one\nthe red apple falls\nthe end" if i % 3 else "short",
        f"step one\nthe green pear number {i} falls far from its tree\nthe end" if i % 4 else "step one",
        user=float(i % 2),
        p_mean=(0.9, 0.3, 0.6, math.nan)[i % 4],
        uncertainty=0.02 * i,
        margin_mean=float(i % 5) - 1,
        x=float(i),
        y=float(i % 3),
        m0=(float(i % 4), 1.0),
        m1=(2.0, float(i % 3)),
        violation=(float(i % 2), float(i % 3 == 0)),
        human_prefers_first=(1.0, 0.0, math.nan)[i % 3],
        ai_prefers_first=(0.0, 1.0, 0.5, 0.8)[i % 4],
        human_gain=float(i % 6),
    )
    for i in range(24)
]
LABELLED = [labelled(f"e{i}", f"question {i % 5}", f"text {i}", i % 3 > 0) for i in range(24)]
WINS = [
    several(
        f"e{i}",
        (1.0, 1.0, 1.0),
        wins_0=(math.nan, 0.2, 0.1),
        wins_1=(0.8, math.nan, 0.3),
        wins_2=(0.9, 0.7 if i % 2 else math.nan, math.nan),
    )
    for i in range(4)
]
WITH_RATIONALES = [
    replace(several(f"e{i}", (1.0, 1.0, 1.0)), ratings=None, roles=("chosen", "rejected", "rationale"))
    for i in range(6)
]

CASES = {
    "acquire": Case(TEXTS, {"budget": 7, "column": "uncertainty", "rule": "random"}),
    "acquire_bal_pm": Case(TEXTS, {"budget": 5, "features": ["x", "y"]}, sorts=True),
    "curriculum": Case(RATED, sorts=True),
    "degrade": Case(TEXTS, {"how": "words", "removed": [0.3, 0.6]}),
    "desirable": Case(CANDIDATES, {"threshold": 3.0}),
    "diff_spans": Case(TEXTS, {"max_changed_fraction": 0.9}),
    "ensemble_labels": Case(TEXTS),
    "corrupted_prompts": Case(TEXTS, {"perturbed": 0.5}),
    "crossed_contexts": Case(TEXTS),
    "ensemble_uncertainty": Case(TEXTS, {"members": ["m0", "m1"]}),
    "factual_flip": Case(TEXTS),
    "flipped_contexts": Case(TEXTS),
    "flip_labels": Case(TEXTS, {"rate": 0.4}),
    "fraction": Case(TEXTS, {"fraction": 0.5, "column": "user", "values": [1.0]}),
    "hindsight": Case(TEXTS),
    "judge_questions": Case(TEXTS, {"question": "{first} or {second} to {prompt}"}),
    "joint_pairs": Case(TEXTS, {"rate": 0.5}),
    "length_balanced": Case(TEXTS, {"unit": "words"}),
    "length_filter": Case(TEXTS, {"min_response": 2, "max_response": 12}),
    "pairs_all": Case(CANDIDATES),
    "pairs_best_random": Case(CANDIDATES),
    "pairs_best_vs_each": Case(CANDIDATES),
    "pairs_best_worst": Case(CANDIDATES),
    "pairs_from_unpaired": Case(LABELLED),
    "pairs_margin": Case(CANDIDATES),
    "pairs_rejection_sampling": Case(CANDIDATES, {"accept": 2, "beta": 2.0}),
    "pairs_sweet_spot": Case(CANDIDATES),
    "pairs_threshold": Case(CANDIDATES),
    "planted_users": Case(TEXTS, {"users": 3}),
    "prepend_context": Case(TEXTS, {"column": "user", "texts": {"0": "Be brief."}}),
    "prompt_value": Case(CANDIDATES),
    "quantiles": Case(CANDIDATES),
    "ranking_consistency": Case(CANDIDATES, {"current": "score", "previous": "implicit_reward"}),
    "rationale_prompts": Case(WITH_RATIONALES),
    "retrieved_documents": Case(TEXTS, {"words": 3}),
    "repair_comparisons": Case(WINS, {"candidates": 3}),
    "revision_prompts": Case(TEXTS),
    "reward_conditioned": Case(RATED),
    "route_labels": Case(TEXTS),
    "score_difference": Case(RATED),
    "select_margin": Case(RATED, {"select": "small"}),
    "select_uncertain": Case(TEXTS, {"rate": 0.3}),
    "soft_labels": Case(RATED),
    "step_pairs": Case(TEXTS),
    "step_spans": Case(TEXTS),
    "swapped_prompts": Case(TEXTS),
    "triples": Case(CANDIDATES),
    "unpaired_from_pairs": Case(TEXTS),
    "unpaired_from_scores": Case(CANDIDATES, {"threshold": 3.0}),
    "user_prefix": Case(TEXTS, {"shots": 2}),
    "vote_share": Case(TEXTS, {"voters": ["human_prefers_first", "ai_prefers_first"]}),
    "win_rates": Case(CANDIDATES),
}
