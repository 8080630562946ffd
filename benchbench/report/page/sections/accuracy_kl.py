"""Reward accuracy and win rate of every seed against its KL to the SFT policy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from benchbench.report.figures.accuracy_kl import draw_against_kl
from benchbench.report.page.blocks import Block, PageFigure, PageSection, Paragraph
from benchbench.store.comparison_folders import StoredComparison

ACCURACY = "pair_accuracy"
SCORINGS = ("implicit", "logp_mean", "logp_sum")
"""The scoring of the accuracy: the reward that preference training shapes, or the next that there is."""


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    labels, kl = comparison.about["labels"], kl_of_seeds(comparison)
    if kl.empty:
        return [Paragraph("No KL: no policy drew answers whose log-probabilities under the SFT policy are known.")]
    blocks: list[Block] = []
    accuracy = accuracies(comparison)
    if not accuracy.empty:
        name = f"{ACCURACY} ({accuracy['scoring'].iloc[0]})"
        points = kl.merge(accuracy, on=["label", "seed"])
        blocks += _figure("accuracy_kl", f"{name}: accuracy on held-out pairs", points, labels, f"{name}, fraction")
    wins = comparison.frame("win_rates")
    if not wins.empty:
        wins = wins.loc[wins["metric"] == "win_rate"].rename(columns={"method": "label"})
        opponent = "chosen" if "chosen" in set(wins["opponent"]) else wins["opponent"].iloc[0]
        points = kl.merge(wins.loc[wins["opponent"] == opponent, ["label", "seed", "value"]], on=["label", "seed"])
        blocks += _figure("win_rate_kl", f"win_rate: against {opponent}", points, labels, "win rate, fraction")
    if others := [label for label in labels if label not in set(kl["label"])]:
        blocks.append(Paragraph(f"Without a KL: {', '.join(others)}."))
    return blocks or [Paragraph("No figure: none of the rows with a KL has an accuracy or a win rate.")]


def kl_of_seeds(comparison: StoredComparison) -> pd.DataFrame:
    """Columns `label`, `seed` and `kl`: estimate k1 of the KL to the SFT policy, nats per response."""
    statistics = comparison.frame("responses")
    if statistics.empty:
        return statistics
    is_known = (statistics["metric"] == "kl_k1") & statistics["value"].notna()
    rows = statistics.loc[is_known, ["method", "seed", "value"]]
    return rows.rename(columns={"method": "label", "value": "kl"})


def accuracies(comparison: StoredComparison) -> pd.DataFrame:
    """Columns `label`, `seed`, `scoring` and `value` of the accuracy, under the first scoring that every row has."""
    values = comparison.frame("values")
    there = values.loc[(values["metric"] == ACCURACY) & values["value"].notna()]
    every = set(there["label"])
    shared = [name for name in SCORINGS if set(there.loc[there["scoring"] == name, "label"]) == every]
    scoring = next(iter(shared), None)
    return there.loc[there["scoring"] == scoring, ["label", "seed", "scoring", "value"]]


def _figure(name: str, what: str, points: pd.DataFrame, labels: Sequence[str], axis: str) -> list[Block]:
    if points.empty:
        return []
    caption = f"{what}, over the KL to the SFT policy; a mark for each seed."
    return [PageFigure(name, caption, partial(draw_against_kl, points, labels, name=axis))]


SECTION = PageSection("accuracy_kl", 60, "Accuracy against KL", _blocks)
