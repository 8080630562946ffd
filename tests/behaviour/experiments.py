"""What methods are known for, tried on the toy setting: each experiment is one comparison, or one per condition.

Every recipe differs from its experiment's baseline in what the experiment is about, and shares its learning rate, its
number of updates and its seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEARNING_RATE = 2e-4
"""Of every recipe here, so that no row moved further than another because it was tuned further."""
SEEDS = (42, 13, 3407)
FLIP_RATES = (0.0, 0.2, 0.4)


@dataclass(frozen=True)
class Row:
    """One recipe of a comparison; without a method it is the supervised policy."""

    label: str
    method: Mapping[str, Any] | str
    transforms: tuple[Mapping[str, Any], ...] = ()
    preference: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_sft(self) -> bool:
        """The supervised policy itself."""
        return self.method == ""

    def recipe(self, experiment: str) -> dict[str, Any]:
        """The recipe's values."""
        method = {"name": self.method} if isinstance(self.method, str) else dict(self.method)
        return {
            "name": f"{experiment}_{self.label.replace('@', '_')}",
            "setting": "tiny",
            "method": method,
            **({"data": {"transforms": [dict(each) for each in self.transforms]}} if self.transforms else {}),
            "preference": {"learning_rate": LEARNING_RATE, **self.preference},
        }


@dataclass(frozen=True)
class Experiment:
    """A question, the rows that answer it, and the number that does."""

    name: str
    question: str
    rows: tuple[Row, ...]
    """The baseline first."""
    metric: str
    scoring: str
    condition: float | None = None
    """Rate of flipped labels, where that is what is varied."""


def _flipped(rate: float) -> Experiment:
    flip = ({"name": "flip_labels", "splits": ["train"], "options": {"rate": rate}},) if rate else ()
    hyper = {"beta": 0.3, "label_smoothing": rate}
    return Experiment(
        f"flips_{round(100 * rate)}",
        f"{rate:.0%} of the training labels flipped: what are methods worth that are told the rate?",
        (
            Row("dpo", {"name": "dpo", "hyper": {"beta": 0.3}}, flip),
            Row("cdpo", {"name": "cdpo", "hyper": hyper}, flip),
            Row("rdpo_robust", {"name": "rdpo_robust", "hyper": hyper}, flip),
        ),
        "pair_accuracy",
        "logp_mean",
        rate,
    )


BY_GOLD = {"split": "train_candidates", "reward": {"source": "column", "column": "gold"}}
PAIRS = {"split": "train_candidates"}


def _pairs(transform: str) -> tuple[Mapping[str, Any], ...]:
    return ({"name": transform, "splits": ["train_candidates"], "options": {"score": "gold"}},)


EXPERIMENTS = (
    *map(_flipped, FLIP_RATES),
    Experiment(
        "chosen_logp",
        "do the terms of TR-DPO, RPO and Cal-DPO keep the chosen response likelier than DPO does?",
        (
            Row("dpo", {"name": "dpo", "hyper": {"beta": 0.3}}),
            Row("tr_dpo", {"name": "tr_dpo", "hyper": {"beta": 0.3, "ref_model_sync_steps": 32}}),
            Row("rpo_reg", {"name": "rpo_reg", "hyper": {"beta": 0.3}}),
            Row("cal_dpo", "cal_dpo"),
        ),
        "chosen_mean",
        "logp_sum",
    ),
    Experiment(
        "unpaired",
        "does KTO learn from labelled single responses what SFT does not know?",
        (
            Row("sft", ""),
            Row(
                "kto",
                "kto",
                ({"name": "unpaired_from_pairs", "splits": ["train"]},),
                {"global_batch_size": 32, "per_device_train_batch_size": 32},
            ),
        ),
        "pair_accuracy",
        "logp_mean",
    ),
    Experiment(
        "lists",
        "do losses over lists of four learn more than DPO from pairs of the same candidates?",
        (
            Row("dpo", {"name": "dpo", "hyper": {"beta": 0.3}}, _pairs("pairs_best_worst"), PAIRS),
            Row(
                "dpo@all_pairs",
                {"name": "dpo", "variant": "all_pairs", "hyper": {"beta": 0.3}},
                _pairs("pairs_all"),
                PAIRS,
            ),
            Row("plackett_luce", {"name": "plackett_luce", "hyper": {"beta": 0.3}}, (), BY_GOLD),
            Row("lipo_lambda", {"name": "lipo_lambda", "hyper": {"beta": 0.3}}, (), BY_GOLD),
            Row("softmax_list", {"name": "softmax_list", "hyper": {"beta": 0.3}}, (), BY_GOLD),
        ),
        "gold_pair_accuracy",
        "logp_mean",
    ),
)
