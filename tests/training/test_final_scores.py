"""Policies that two processes trained score responses as that of one does, for each class of method and weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchbench.batches.padded import collate
from benchbench.models.load import add_lora
from benchbench.models.logps import token_logps
from benchbench.training.checkpoint import checkpoints
from benchbench.training.loop import train
from benchbench.training.ranks import ALONE, Ranks

from .ranked import Group, group, lines
from .test_ranks import STEPS, require_alike_lines
from .toys import PAD, Toy, after, examples, model, toy

CLASSES = {"pair": "dpo", "list": "ddo_rm", "coupled": "dr_dpo", "token-level": "tpo_tree", "online": "hypo_online_kl"}
"""Class -> a method of it; that of the last reads draws that are made beside the rows."""
WITHIN = 1e-5
LORA = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": "all-linear"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Two processes, for all tests of this file."""
    with group(2, tmp_path_factory.mktemp("pair")) as processes:
        yield processes


def run_of(folder: Path, name: str, *, adapters: bool) -> Toy:
    """A training in float32, as a stage's."""
    policy = model(dtype=torch.float32)
    policy = add_lora(policy, LORA, seed=0) if adapters else policy
    given = examples(candidates=4) if name == CLASSES["list"] else None
    return toy(folder, name, given=given, policy=policy, learning_rate=1e-3, **STEPS)


def scored(run: Toy) -> np.ndarray:
    """[examples * candidates] log-probabilities of responses under the policy, in float64."""
    batch = collate(examples(), pad=PAD, device=torch.device("cpu"))
    with torch.no_grad():
        return token_logps(run.model.double(), batch, dtype=torch.float64).token.sum(-1).flatten().numpy()


def scores_case(
    ranks: Ranks, *, folder: str, name: str, adapters: bool, shards: bool = False, stop_after: int = 0
) -> Any:
    """Scores after a training that goes on from what is in the folder."""
    run = run_of(Path(folder), name, adapters=adapters)
    stop = after(stop_after) if stop_after else (lambda: False)
    train(replace(run.job, ranks=replace(ranks, shards=shards), should_stop=stop))
    return scored(run)


@pytest.mark.slow
@pytest.mark.parametrize("adapters", [False, True], ids=["full", "lora"])
@pytest.mark.parametrize("name", CLASSES.values(), ids=CLASSES)
def test_scores_of_two_processes_are_those_of_one(name: str, adapters: bool, pair: Group, tmp_path: Path):
    """Whole models; shared layers; and shared layers whose checkpoint, which is of parts, one process goes on from."""
    case = {"name": name, "adapters": adapters}
    alone = scores_case(ALONE, folder=str(tmp_path / "alone"), **case)
    moved = np.abs(alone - scored(run_of(tmp_path / "start", name, adapters=adapters))).max()
    assert moved > 100 * WITHIN, "the training moved them by far more"
    ended: dict[str, np.ndarray] = {}
    for how, shards in (("whole models", False), ("parts", True)):
        ended[how], second = pair.run(scores_case, folder=str(tmp_path / how), shards=shards, **case)
        np.testing.assert_array_equal(ended[how], second)
    stopped = {"folder": str(tmp_path / "stopped"), **case}
    assert pair.run(scores_case, shards=True, stop_after=2, **stopped) == ["interrupted"] * 2
    assert checkpoints(tmp_path / "stopped/checkpoint")[0].is_dir(), "each process wrote its parts"
    ended["stopped"] = scores_case(ALONE, **stopped)
    for how, scores in ended.items():
        np.testing.assert_allclose(scores, alone, rtol=0, atol=WITHIN)
        require_alike_lines(lines(tmp_path / how), lines(tmp_path / "alone"))
