"""Synthetic score rows and cells: toys for the tests of the comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.grid import ScoredCell
from benchbench.comparison.pairs.scorings import pairs
from benchbench.core.measurement import PairScores


def score_frame(chosen, rejected, *, seed=42, method="dpo", n_tokens=10, **columns) -> pd.DataFrame:
    """Score rows whose `logp_mean` is exactly the given scores times ten over `n_tokens`."""
    scores = np.stack([chosen, rejected], axis=1).astype(np.float64)
    n = len(scores)
    frame = pd.DataFrame(
        {
            "recipe": f"{method}-tiny",
            "method": method,
            "variant": "default",
            "seed": seed,
            "split": "test",
            "example": np.repeat([f"e{i}" for i in range(n)], 2),
            "candidate": np.tile([0, 1], n),
            "n_tokens": n_tokens,
            "logp_sum": 10 * scores.ravel(),
            "logp_mean": 10 * scores.ravel() / np.maximum(n_tokens, 1),
            "ref_logp_sum": np.nan,
            "reward": np.nan,
            "truncated": False,
            "empty": False,
            "overlong": False,
            "identical": False,
            "scorer_version": 1,
        }
    )
    for name, values in columns.items():
        frame[name] = np.asarray(values)
    return frame


def cell(label, seed, frame, **changes) -> ScoredCell:
    """A cell of the tiny setting; `changes` replaces any of its fields."""
    fields = {
        "label": label,
        "method": label,
        "variant": "default",
        "seed": seed,
        "recipe": f"{label}-tiny",
        "recipe_hash": f"hash-{label}",
        "comparability_hash": "same",
        "setting": "tiny",
        "paper": "",
        "engine": "transformers",
        "device_kind": "cpu",
        "frame": frame,
    }
    return ScoredCell(**{**fields, **changes})


def toy_cells(effects, *, seeds=(13, 42, 3407), n=200, rng_seed=0) -> list[ScoredCell]:
    """Cells in which label l has a mean margin of `effects[l]`, over prompts and seeds drawn from one generator."""
    rng = np.random.default_rng(rng_seed)
    offset, hardness = rng.normal(-2, 1, n), rng.normal(0, 0.5, n)
    gold = rng.normal(0, 1, (n, 2))
    cells = []
    for label, effect in effects.items():
        for seed in seeds:
            chosen = offset + effect + hardness + rng.normal(0, 0.05) + rng.normal(0, 0.5, n)
            frame = score_frame(
                chosen, offset + rng.normal(0, 0.5, n), seed=seed, method=label, column_gold=gold.ravel()
            )
            frame["ref_logp_sum"] = np.repeat(10 * offset, 2)
            cells.append(cell(label, seed, frame))
    return cells


def pair_scores(frame, scoring, *, tie_credit=0.5, exclude=()) -> PairScores:
    """The pair scores of one cell's rows under one scoring."""
    return pairs(frame, exclude=exclude).scores(scoring, tie_credit=tie_credit)
