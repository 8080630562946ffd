"""Change of log-probabilities in training, by role of the response: seeds by prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.comparison.stats.intervals import Interval
from benchbench.core.measurement import Array

ROLES = ("chosen", "rejected", "unseen")
"""Roles of candidates 0, 1, and all further ones."""
_JOIN = ["example", "candidate"]
_RESPONSE = ["method", "step", "seed", "example", "candidate"]


def drift_frame(rows: pd.DataFrame, start: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rows with role, step, prompt and drift, the summed log-probability less that under the reference, in nats.

    Args:
        rows: one per scored response, with example, candidate, logp_sum and ref_logp_sum; where they are missing,
            method is `policy`, seed and step are 0, prompt is the example, and role that of the candidate's place.
        start: example, candidate and logp_sum where training began, in the place of a column ref_logp_sum.

    Raises:
        ValueError: an unknown role, a response twice, or one without a score where training began.
    """
    frame = _with_start(rows, start)
    by_place = pd.Series([ROLES[min(int(place), len(ROLES) - 1)] for place in frame["candidate"]], index=frame.index)
    defaults = {"method": "policy", "seed": 0, "step": 0.0, "role": by_place, "prompt": frame["example"]}
    for name, default in defaults.items():
        column = frame[name] if name in frame else pd.Series(None, index=frame.index, dtype=object)
        frame[name] = column.where(column.notna(), default)
    unknown = sorted(set(frame["role"]) - set(ROLES))
    if unknown:
        raise ValueError(f"expected the roles {', '.join(ROLES)}, found {', '.join(map(str, unknown))}")
    twice = frame[frame.duplicated(_RESPONSE)]
    if len(twice):
        where = ", ".join(f"{name} {twice.iloc[0][name]}" for name in _RESPONSE)
        raise ValueError(f"expected every response once, found one twice: {where}")
    frame["drift"] = (frame["logp_sum"] - frame["ref_logp_sum"]).astype(float)
    return frame


def _with_start(rows: pd.DataFrame, start: pd.DataFrame | None) -> pd.DataFrame:
    if start is None:
        if "ref_logp_sum" not in rows or _missing(rows):
            raise ValueError("expected ref_logp_sum of every response, found none of some; give start=FILE")
        return rows.copy()
    if start.duplicated(_JOIN).any():
        raise ValueError("expected every response once in start, found one twice")
    began = pd.DataFrame({**{name: start[name] for name in _JOIN}, "ref_logp_sum": start["logp_sum"]})
    frame = rows.drop(columns="ref_logp_sum", errors="ignore").merge(began, on=_JOIN, how="left")
    if _missing(frame):
        raise ValueError(f"expected a row of every response in start, found none of {_missing(frame)}")
    return frame


def _missing(frame: pd.DataFrame) -> int:
    """Rows that do not say what their response scored where training began."""
    return int(np.isnan(frame["ref_logp_sum"].to_numpy(dtype=np.float64)).sum())


def by_seed_and_prompt(frame: pd.DataFrame, values: str = "drift") -> Array:
    """[seeds, prompts] mean of a column over the rows of each.

    Raises:
        ValueError: a seed lacks a prompt that another has.
    """
    grid = frame.pivot_table(index="seed", columns="prompt", values=values, aggfunc="mean")
    if grid.isna().to_numpy().any():
        seed = grid.index[grid.isna().any(axis=1)][0]
        raise ValueError(f"expected the same examples of every seed, found fewer of seed {seed}")
    return grid.to_numpy()


def pair_drifts(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per pair of one method and step: seed, prompt, drop (chosen less rejected drift) and both_fall, 0 or 1.

    Examples without both roles have no row.
    """
    keys = ["seed", "prompt", "example"]
    means = frame.pivot_table(index=keys, columns="role", values="drift", aggfunc="mean")
    pairs = means.reindex(columns=list(ROLES[:2])).dropna()
    pairs["drop"] = pairs["chosen"] - pairs["rejected"]
    pairs["both_fall"] = ((pairs["chosen"] < 0) & (pairs["rejected"] < 0)).astype(float)
    return pairs.reset_index()


def by_method_and_step(frame: pd.DataFrame) -> Iterator[tuple[str, float, pd.DataFrame]]:
    """(method, step, its rows), in the order of the rows."""
    for method, step in frame[["method", "step"]].drop_duplicates().itertuples(index=False, name=None):
        is_part = (frame["method"] == method) & (frame["step"] == step)
        yield str(method), float(step), frame.loc[is_part]


def role_drifts(part: pd.DataFrame) -> Iterator[tuple[str, Interval, float]]:
    """(role, mean drift with its interval over seeds and prompts, share of responses that fell) of one method and step.

    Args:
        part: rows of `drift_frame`.

    Raises:
        ValueError: seeds with other examples.
    """
    for role in (role for role in ROLES if role in set(part["role"])):
        rows = part.loc[part["role"] == role]
        fell = rows["drift"].to_numpy() < 0
        yield role, seeded_interval(by_seed_and_prompt(rows)), float(fell.mean())


def log_quarters(steps: Array, values: Mapping[str, Array]) -> list[dict[str, str | float]]:
    """Mean of each column over the quarters of a log, with the steps that they span.

    Args:
        steps: [n] ascending.
        values: name -> [n].
    """
    parts = [part for part in np.array_split(np.arange(len(steps)), 4) if len(part)]
    return [
        {"steps": f"{steps[part[0]]:g} to {steps[part[-1]]:g}"}
        | {name: float(column[part].mean()) for name, column in values.items()}
        for part in parts
    ]
