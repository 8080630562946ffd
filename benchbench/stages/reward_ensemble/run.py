"""Several reward models together: mean and spread of their rewards, as reward rows and as columns of the examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from benchbench.core.example import Example
from benchbench.core.measurement import Array
from benchbench.data.serial import to_json
from benchbench.recipe.reward_rounds import ENSEMBLE_COLUMNS
from benchbench.stages.context import Result, StageContext
from benchbench.stages.reward_ensemble.settings import RewardEnsembleSettings
from benchbench.store.made import write_made
from benchbench.store.rows import read_rows, write_rows

_KEY = ["example", "candidate"]


def run(context: StageContext[RewardEnsembleSettings]) -> Result:
    """Leave rows.parquet, whose reward is the members' mean, and the examples with the ensemble's columns."""
    names = sorted(name for name in context.spec.inputs if name.startswith("member_"))
    frames = [read_rows(context.input(name)).sort_values(_KEY, ignore_index=True) for name in names]
    assert len(names) == context.settings.members
    assert all(frame[_KEY].equals(frames[0][_KEY]) for frame in frames), "members rewarded the same split"
    rewards = np.stack([frame["reward"].to_numpy(np.float64) for frame in frames])  # [M, rows]
    rows = frames[0][_KEY].assign(reward=rewards.mean(axis=0), reward_sd=rewards.std(axis=0, ddof=1))
    write_rows(context.folder, pd.DataFrame(rows))
    places = {str(name): group.to_numpy() for name, group in pd.Series(rows.index).groupby(rows["example"])}
    examples = [with_columns(example, rewards[:, places[example.id]]) for example in context.examples()]
    counts = write_made(context.folder, {context.settings.data.split: examples}, to_json)
    return Result(0, {"rows": len(rows), "members": len(names), "examples": counts})


def with_columns(example: Example, rewards: Array) -> Example:
    """The example with what an ensemble says of it.

    Args:
        example: K candidates.
        rewards: [M, K] each member's reward of each candidate.
    """
    margin_mean, margin_sd, reward_mean, reward_sd = ENSEMBLE_COLUMNS
    columns = dict(example.columns)
    columns[reward_mean] = tuple(rewards.mean(axis=0).tolist())
    columns[reward_sd] = tuple(rewards.std(axis=0, ddof=1).tolist())
    if rewards.shape[1] == 2:
        margins = rewards[:, 0] - rewards[:, 1]
        columns |= {margin_mean: float(margins.mean()), margin_sd: float(margins.std(ddof=1))}
    return replace(example, columns=columns)
