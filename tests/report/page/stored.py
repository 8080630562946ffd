"""A stored comparison made by hand: three rows, three seeds, answers that try to be markup."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.table import Comparison
from benchbench.report.comparison import narrow_layout
from benchbench.report.frames import comparisons_frame
from benchbench.report.ledger import TITLE
from benchbench.report.rounds import ROUNDS
from benchbench.store.comparison_folders import StoredComparison
from tests.comparison.rows import toy_cells

LABELS = ["dpo", "simpo", "sft"]
SEEDS = [13, 42, 3407]
HEADLINE = ("pair_accuracy", "logp_mean")
EVIL = '</script><script>window.wrong = 1</script><img src=x onerror="window.wrong=1"><b>& \u2028 \u2029 `x` | $y$'
"""A text that is a script, a tag, two line separators and markup of every form that a page is written in."""


@cache
def compared() -> list[Comparison]:
    """Three toy rows over three seeds."""
    cells = toy_cells({"dpo": 0.1, "simpo": 0.9, "sft": 0.0}, n=40)
    return compare(cells, baseline="dpo", metrics=["auc"], rng_seed=0, headline=HEADLINE)


def answers() -> dict[str, pd.DataFrame]:
    """Four prompts, one answer and one verdict in either order for each row and seed against `dpo`."""
    names = [f"e{number}" for number in range(4)]
    prompts = pd.DataFrame(
        {
            "example": names,
            "turns": [json.dumps([["user", EVIL if name == "e1" else f"ask {name}"]]) for name in names],
            "chosen": [f"right {name}" for name in names],
        }
    )
    drawn = [
        (
            label,
            seed,
            name,
            0,
            EVIL if (label, name) == ("simpo", "e1") else f"{label} says {name} {seed}",
            5 + place,
            "stop",
        )
        for label in LABELS
        for seed in SEEDS
        for place, name in enumerate(names)
    ]
    outcomes = {"e0": (1.0, 1.0), "e1": (1.0, 0.0), "e2": (0.0, 0.0), "e3": (np.nan, np.nan)}
    verdicts = [
        (label, "dpo", seed, name, 0, order, outcome, np.nan, np.nan, f"judge of {name}", "")
        for label in LABELS[1:]
        for seed in SEEDS
        for name in names
        for order, outcome in zip(("first", "second"), outcomes[name], strict=True)
    ]
    columns = ["label", "opponent", "seed", "example", "sample", "order", "outcome", "score", "opponent_score"]
    return {
        "prompts": prompts,
        "answers": pd.DataFrame(drawn, columns=["label", "seed", "example", "sample", "text", "tokens", "finish"]),
        "verdicts": pd.DataFrame(verdicts, columns=[*columns, "raw", "note"]),
    }


def frontier_points() -> pd.DataFrame:
    """A curve of three points in no order, a row that is alone, and where all start, without an interval of one KL."""
    rows = [
        ("sft", "sft", 0.0, 0.5),
        ("dpo", "dpo@b", 2.3, 0.62),
        ("dpo", "dpo", 0.4, 0.58),
        ("dpo", "dpo@c", 1.1, 0.66),
    ]
    rows.append(("simpo", "simpo", 1.5, 0.6))
    frame = pd.DataFrame(rows, columns=["curve", "point", "kl", "value"]).assign(quantity="win_rate", note="")
    bounds = {"kl_low": frame["kl"] - 0.1, "kl_high": frame["kl"] + 0.2}
    bounds |= {"value_low": frame["value"] - 0.05, "value_high": frame["value"] + 0.04}
    frame = frame.assign(**bounds)
    frame.loc[frame["curve"] == "sft", ["kl_low", "kl_high"]] = np.nan
    return frame


def frames() -> dict[str, pd.DataFrame]:
    """Every table that a page reads."""
    rng = np.random.default_rng(0)
    rows = compared()
    n = 40
    pairs = pd.concat(
        [
            pd.DataFrame(
                {
                    "label": label,
                    "seed": seed,
                    "example": [f"e{place}" for place in range(n)],
                    "margin_logp_mean": rng.normal(0.3, 1, n),
                    "probability": rng.random(n) if label == "dpo" else np.nan,
                    "chosen_tokens": rng.integers(3, 9, n),
                    "rejected_tokens": rng.integers(3, 9, n),
                    "flags": "",
                }
            )
            for label in LABELS
            for seed in SEEDS
        ],
        ignore_index=True,
    )
    training = [
        (label, seed, "preference", step, name, float(rng.random()))
        for label in LABELS[:2]
        for seed in SEEDS
        for step in (1, 2, 3)
        for name in ("loss", "grad_norm", "num_tokens")
    ]
    values = [
        (row.candidate, row.metric, row.scoring, seed, value, difference, row.unit, row.direction)
        for row in rows
        for seed, value, difference in zip(row.seeds, row.values, row.differences, strict=True)
    ]
    win = [("simpo", "dpo", 0.6), ("sft", "dpo", 0.3), ("dpo", "chosen", 0.45)]
    kl = [(label, seed, "kl_k1", 0.5 + place) for place, label in enumerate(LABELS[:2]) for seed in SEEDS]
    return {
        "comparisons": comparisons_frame(rows),
        "values": pd.DataFrame(
            values, columns=["label", "metric", "scoring", "seed", "value", "difference", "unit", "direction"]
        ),
        "pairs": pairs,
        "training": pd.DataFrame(training, columns=["label", "seed", "stage", "step", "quantity", "value"]).assign(
            run=lambda rows: rows["label"] + rows["seed"].astype(str) + rows["stage"]
        ),
        "losses": pd.DataFrame([("dpo", "preference", 42, 0.61, "a paper")], columns=_LOSSES),
        "win_rate_intervals": pd.DataFrame(
            [(label, other, "win_rate", mean) for label, other, mean in win],
            columns=["method", "opponent", "metric", "mean"],
        ),
        "win_rates": pd.DataFrame(
            [(label, other, "win_rate", seed, mean) for label, other, mean in win for seed in SEEDS],
            columns=["method", "opponent", "metric", "seed", "value"],
        ),
        "frontier": frontier_points(),
        "responses": pd.DataFrame(kl, columns=["method", "seed", "metric", "value"]),
        "settings": pd.DataFrame(
            [(label, key, value, "tiny.yaml:1") for label in LABELS for key, value in _settings(label).items()],
            columns=["label", "key", "value", "origin"],
        ),
        "environment": pd.DataFrame(
            [(label, 13, "policy", "device_name", "one card") for label in LABELS]
            + [("dpo", 13, "policy", "threads", "1"), ("sft", 13, "policy", "threads", "2")],
            columns=["label", "seed", "role", "name", "value"],
        ),
        "seeds": pd.DataFrame([{"row": label, "seeds": "13 42 3407", "runs": "3 of 3"} for label in LABELS]),
        "claims": pd.DataFrame([{"recipe": "dpo", "claim": "pair_accuracy", "verdict": "reproduced"}]),
        **answers(),
    }


_LOSSES = ["label", "stage", "reported_seed", "value", "source"]


def _settings(label: str) -> dict[str, str]:
    return {
        "method.name": label,
        "preference.learning_rate": "2e-4",
        "tokenization.template.user": "<|user|> {content}",
    }


def about() -> dict[str, Any]:
    """What a comparison says of itself."""
    return {
        "id": "dpo-simpo-sft-0badcafe",
        "title": "dpo, simpo, sft on tiny, seeds 13 42 3407",
        "notice": "tiny: no evidence",
        "setting": "tiny",
        "labels": LABELS,
        "baseline": "dpo",
        "seeds": SEEDS,
        "headline": list(HEADLINE),
        "shown": [list(HEADLINE)],
        "tables": [asdict(narrow_layout(compared(), *HEADLINE))],
        "flags": [{"title": "flagged pairs", "head": ["method", "all pairs"], "body": [["dpo", "0.5 (n 40)"]]}],
        "samples": [
            {
                "title": "win rate against dpo",
                "head": ["method", "win rate [95%]"],
                "body": [["simpo", "0.6 [0.5, 0.7]"]],
                "notes": ["MDD: distance from one half"],
            },
            {"title": "responses, means over seeds", "head": ["method", "kl_k1"], "body": [["dpo", "0.5"]]},
        ],
        "further": [
            {"title": "frontier: every policy", "head": ["curve", "point"], "body": [["dpo", "dpo@b"]]},
            {"title": "at KL 1 nats per response", "head": ["curve", "mean"], "body": [["dpo", "0.6"]]},
            {"title": f"{ROUNDS}what each drew", "head": ["method", "round"], "body": [["dpo@iterative", "1"]]},
            {"title": TITLE, "head": ["method", "prompts"], "body": [["dpo", "3,000"]]},
        ],
        "answered": {"judge": "gold", "prompts": "test", "temperature": "1"},
        "budgets": ["fairness: what differs between rows", "- updates: 3 (simpo); 2 (dpo)"],
        "remarks": {"claims": ["verdict: of each claim alone"], "seeds": ["sft: a remark"]},
        "commands": [["all rows and tables", "bench compare dpo simpo"], ["audit of data", "bench audit data dpo"]],
        "data_audit": {
            "target": "dpo",
            "rows": [{"check": "leaked_prompts", "verdict": "ABOVE"}],
            "lines": ["leaked_prompts: examples whose prompt is held out"],
            "verdict": "1 finding is above the level",
        },
    }


def stored(*, without: tuple[str, ...] = (), **changes: Any) -> StoredComparison:
    """The comparison, without some tables, and with other values in what it says of itself."""
    there = {name: frame for name, frame in frames().items() if name not in without}
    return StoredComparison({**about(), **changes}, there)


BARE = {
    "samples": [],
    "further": [],
    "answered": None,
    "budgets": ["fairness: nothing differs between rows in data and updates"],
    "notice": "",
    "flags": [None],
    "remarks": {"claims": [], "seeds": []},
    "data_audit": None,
}
"""What a comparison says in which nothing was drawn, audited or claimed."""


def bare() -> StoredComparison:
    """A comparison of which only pair scores are known."""
    names = ("comparisons", "values", "pairs", "settings")
    pairs = frames()["pairs"].assign(probability=np.nan)
    there = {name: frame for name, frame in frames().items() if name in names}
    return StoredComparison({**about(), **BARE}, {**there, "pairs": pairs})
