"""Verdict rows for the tests: written out, drawn at random, and read from real human verdicts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st


def verdict(
    example="e0",
    outcome=1.0,
    *,
    sample=0,
    order="both",
    label="dpo",
    opponent="sft",
    identical=False,
    length=10,
    opponent_length=10,
) -> dict:
    """One row."""
    return {
        "example": example,
        "sample": sample,
        "label": label,
        "opponent": opponent,
        "order": order,
        "outcome": outcome,
        "identical": identical,
        "length": length,
        "opponent_length": opponent_length,
    }


def swapped(example, first, second, **fields) -> list[dict]:
    """The two rows of one contest in both orders."""
    return [verdict(example, first, order="first", **fields), verdict(example, second, order="second", **fields)]


def frame(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def slotless(outcomes, **columns) -> pd.DataFrame:
    """One verdict for each prompt; `columns` replaces any column."""
    rows = frame(*(verdict(f"e{place:04d}", outcome) for place, outcome in enumerate(outcomes)))
    return rows.assign(**columns)


@st.composite
def frames(draw, *, missing=False, outcomes=(0.0, 0.25, 0.5, 1.0)) -> pd.DataFrame:
    """Rows of one label against one opponent: several samples, both orders or one verdict, lengths that differ."""
    possible = [*outcomes, float("nan")] if missing else list(outcomes)
    outcome, size = st.sampled_from(possible), st.integers(0, 40)
    rows = []
    for example in range(draw(st.integers(1, 5))):
        for sample in range(draw(st.integers(1, 3))):
            orders = ("first", "second") if draw(st.booleans()) else ("both",)
            texts = {"sample": sample, "length": draw(size), "opponent_length": draw(size)}
            rows += [verdict(f"e{example}", draw(outcome), order=order, **texts) for order in orders]
    return frame(*rows)


def tournament(ratings: dict[str, float], *, n=100, length_effect=0.0, rng_seed=0, prompt_sd=0.0) -> pd.DataFrame:
    """Every pair at every prompt once, drawn from Bradley-Terry with effects of length and of the prompt."""
    rng = np.random.default_rng(rng_seed)
    labels = sorted(ratings)
    rows = []
    for place in range(n):
        taste = dict(zip(labels, rng.normal(0, prompt_sd, len(labels)), strict=True))
        size = dict(zip(labels, rng.integers(50, 150, len(labels)), strict=True))
        for i, one in enumerate(labels):
            for other in labels[i + 1 :]:
                logit = ratings[one] + taste[one] - ratings[other] - taste[other]
                logit += length_effect * (size[one] - size[other]) / 40
                rows.append(
                    verdict(
                        f"e{place:04d}",
                        float(rng.random() < 1 / (1 + np.exp(-logit))),
                        label=one,
                        opponent=other,
                        length=size[one],
                        opponent_length=size[other],
                    )
                )
    return frame(*rows)


def pandalm(shared: Path) -> pd.DataFrame:
    """Human verdicts on five models; a prompt is the cluster, and the three annotators' mean the outcome."""
    with gzip.open(shared / "comparisons" / "pandalm_human.jsonl.gz", "rt", encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return frame(
        *(
            verdict(
                json.dumps(row["prompt"]),
                row["p_a"],
                label=row["model_a"],
                opponent=row["model_b"],
                identical=row["response_a"] == row["response_b"],
                length=len(row["response_a"]),
                opponent_length=len(row["response_b"]),
            )
            for row in read
        )
    )


def mirrored(rows: pd.DataFrame) -> pd.DataFrame:
    """The same verdicts seen from the opponent's side."""
    swap = {"label": "opponent", "opponent": "label", "length": "opponent_length", "opponent_length": "length"}
    turned = {"first": "second", "second": "first", "both": "both"}
    made = rows.rename(columns=swap)[list(rows.columns)]
    order = [turned[name] for name in rows["order"]]
    return made.assign(outcome=1 - rows["outcome"], order=order)
