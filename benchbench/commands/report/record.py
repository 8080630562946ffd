"""Everything that a report needs of finished cells, as tidy frames and plain values that need no `runs/` any more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from benchbench import methods
from benchbench.commands.report.answers import answer_frames
from benchbench.commands.report.audits import seed_audit
from benchbench.commands.report.claims import claim_frames
from benchbench.comparison.pairs.grid import ScoredCell
from benchbench.comparison.pairs.scorings import SCORINGS, Pairs
from benchbench.comparison.pairs.table import Comparison
from benchbench.metrics import reference_difficulty
from benchbench.plan.graph import Cell, Plan
from benchbench.recipe.load import Loaded
from benchbench.recipe.values import flat
from benchbench.report.frames import comparisons_frame
from benchbench.store.runs import RunStore

SHARED = "shared"
"""In the place of a label, of a stage that several rows rest on."""
TRAINED_BY = ("policy", "reward")
"""Roles of a cell whose stages' training curves are shown."""


@dataclass(frozen=True)
class ComparedCells:
    """Finished cells and what came of comparing them."""

    loaded: Sequence[Loaded]
    cells: Sequence[Cell]
    plan: Plan
    store: RunStore
    scored: Sequence[ScoredCell]
    comparisons: Sequence[Comparison]
    measurements: pd.DataFrame
    """As `measurements.csv` has them."""
    further: Mapping[str, pd.DataFrame]
    """`win_rates`, `win_rate_intervals` and `responses` where answers were drawn; whatever else a section reads."""
    overrides: str = ""
    """Of the whole comparison, sorted."""


def record_frames(source: ComparedCells) -> tuple[dict[str, pd.DataFrame], dict[str, list[str]]]:
    """(file name -> rows, name -> remarks in lines) of a comparison.

    Raises:
        BenchError: rows or responses of a finished stage that are damaged.
    """
    claims, claim_lines = claim_frames(source.loaded, source.store)
    seeds, seed_lines = seed_audit(source.plan, source.cells, source.store)
    frames = {
        "comparisons.csv": comparisons_frame(source.comparisons, overrides=source.overrides),
        "values.csv": seed_values(source.comparisons),
        "measurements.csv": source.measurements,
        **{f"{name}.csv": frame for name, frame in source.further.items()},
        "pairs.parquet": pair_margins(source.scored, source.loaded),
        "training.parquet": training_curves(source.cells, source.plan, source.store),
        **answer_frames(source.cells, source.plan, source.store),
        "settings.csv": settings(source.loaded),
        "environment.csv": environment(source.cells, source.store),
        "seeds.csv": seeds,
        **claims,
    }
    there = {name: frame for name, frame in frames.items() if len(frame.columns)}
    return there, {"claims": claim_lines, "seeds": seed_lines}


def seed_values(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """One row per label, metric, scoring and seed: its value, and the difference to the baseline at that seed."""
    rows = [
        {
            "label": row.candidate,
            "metric": row.metric,
            "scoring": row.scoring,
            "seed": seed,
            "value": value,
            "difference": difference,
            "unit": row.unit,
            "direction": row.direction,
        }
        for row in comparisons
        for seed, value, difference in zip(row.seeds, row.values, row.differences, strict=True)
    ]
    return pd.DataFrame(rows)


def pair_margins(scored: Sequence[ScoredCell], loaded: Sequence[Loaded]) -> pd.DataFrame:
    """One row per label, seed and pair that counts: the margin under every scoring, tokens of both sides, and flags.

    `probability` is the model's own of the pair's order: sigmoid of the reward margin, or of the implicit margin times
    the beta that the policy was trained at; NaN where the method has no such probability. `difficulty_SCORING` is how
    far the reference stands against the pair (`reference_difficulty`), which says what must be learnt to flip it.
    """
    betas = {item.label: training_beta(item) for item in loaded}
    rewarding = {item.label for item in loaded if item.recipe.is_reward_model}
    exclude = {item.label: item.recipe.score.exclude for item in loaded}
    frames = []
    for cell in scored:
        pairs = cell.pairs(exclude[cell.label])
        margins = {name: pairs.scores(name).margin for name in SCORINGS if name in pairs.available}
        implicit = margins.get("implicit", np.full(len(pairs.examples), math.nan)) * betas.get(cell.label, math.nan)
        logit = margins.get("reward_model") if cell.label in rewarding else implicit
        frames.append(
            pd.DataFrame(
                {
                    "label": cell.label,
                    "seed": cell.seed,
                    "example": pairs.examples,
                    **{f"margin_{name}": values for name, values in margins.items()},
                    **_difficulties(pairs),
                    "probability": expit(implicit if logit is None else logit),
                    "chosen_tokens": pairs.values["n_tokens"][:, 0],
                    "rejected_tokens": pairs.values["n_tokens"][:, 1],
                    "flags": pairs.flags,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _difficulties(pairs: Pairs) -> dict[str, np.ndarray]:
    """[n] nats, or nats per token, of every scoring under which the reference is known."""
    return {
        f"difficulty_{name}": reference_difficulty.per_pair(pairs.scores(name, reads=reference_difficulty.METRIC.reads))
        for name in reference_difficulty.METRIC.scorings
        if pairs.has(reference_difficulty.METRIC, name)
    }


def training_beta(loaded: Loaded) -> float:
    """The beta of the probability that a policy's loss fits; NaN where the loss fits none (`Method.logistic`)."""
    recipe = loaded.recipe
    if recipe.is_reward_model or recipe.preference is None:
        return math.nan
    if not methods.get(recipe.method.name).logistic:
        return math.nan
    return float(loaded.values()["method"]["hyper"]["beta"])


def training_curves(cells: Sequence[Cell], plan: Plan, store: RunStore) -> pd.DataFrame:
    """One row per label, seed, kind of stage, its key (`run`), step and logged quantity.

    What several rows rest on is there once, as `shared`; what one row shares over its seeds has the first of them.
    """
    users: dict[str, dict[str, int]] = {}
    for cell in cells:
        roots = [key for role, key in cell.stages.items() if role in TRAINED_BY and key is not None]
        for key in plan.under(roots):
            users.setdefault(key, {}).setdefault(cell.loaded.label, cell.seed)
    rows = []
    for key, seeds in users.items():
        label, kind = next(iter(seeds)) if len(seeds) == 1 else SHARED, plan.stages[key].kind
        for line in store.logged(key):
            numbers = {name: value for name, value in line.items() if isinstance(value, int | float)}
            step = numbers.pop("step", math.nan)
            rows += [(label, next(iter(seeds.values())), kind, key, step, *item) for item in numbers.items()]
    columns = ["label", "seed", "stage", "run", "step", "quantity", "value"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float})


def settings(loaded: Sequence[Loaded]) -> pd.DataFrame:
    """One row per label and key of its resolved recipe: the value as text, and where it was written."""
    rows = []
    for item in loaded:
        values = {key: value for key, value in flat(item.values()).items() if not key.startswith(_ANNOTATIONS)}
        rows += [(item.label, key, str(value), _place(item.origins.get(key, ""))) for key, value in values.items()]
    return pd.DataFrame(rows, columns=["label", "key", "value", "origin"])


_ANNOTATIONS = (
    *("claims", "reported_losses", "reported_on", "quirks", "description", "notice", "open_question"),
    "untuned",  # a mark of the row, which a setting's rows have though their recipes do not say so
)


def _place(origin: str) -> str:
    """`file:line` without the folders, which are one machine's own; `default` where nobody wrote the value."""
    return origin.replace("\\", "/").rpartition("/")[2] or "default"


def environment(cells: Sequence[Cell], store: RunStore) -> pd.DataFrame:
    """One row per label, seed, role of a stage and fact: device, versions, threads, variables."""
    rows = []
    for cell in cells:
        for role, key in cell.stages.items():
            record = None if key is None else store.record(key)
            facts = {} if record is None else flat(dict(record.environment))
            rows += [(cell.loaded.label, cell.seed, role, name, str(value)) for name, value in facts.items()]
    return pd.DataFrame(rows, columns=["label", "seed", "role", "name", "value"])
