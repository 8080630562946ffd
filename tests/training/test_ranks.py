"""Several processes train as one does: same losses, same weights, whatever the kind of loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchbench.core.errors import Interrupted
from benchbench.models.load import add_lora, seeded
from benchbench.models.reward_head import RewardModel
from benchbench.training.checkpoint import read_position
from benchbench.training.objective import RewardModelObjective
from benchbench.training.ranks import ALONE, Ranks

from .ranked import Group, group, lines, train_case
from .toys import Toy, examples, model, toy

STEPS = {"max_steps": 4, "global_batch_size": 6, "per_device_train_batch_size": 2}
"""Three microbatches a step: of two processes one has more to do."""
NOISE = 1e-3
"""How far weights may be apart in single precision: AdamW makes a step of its usual size of a gradient that is nothing
but rounding, such as that of a key's bias, which reaches no loss."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Two processes, for all tests of this file."""
    with group(2, tmp_path_factory.mktemp("pair")) as processes:
        yield processes


def of_method(folder: Path, *, name: str, candidates: int = 0, single: bool = False, **training: Any) -> Toy:
    """A method on the toys that it takes, in float64, or in the precision of a stage."""
    given = examples(candidates=candidates) if candidates else None
    policy = model(dtype=torch.float32) if single else None
    return toy(folder, name, given=given, policy=policy, **(STEPS | training))


def of_unequal_lists(folder: Path) -> Toy:
    """Lists of two to four candidates, so that the microbatches of a step hold lists of different lengths."""
    given = [each for count in (2, 3, 4) for each in examples(8, candidates=count, seed=count)]
    given = [type(each)(f"k{n}", each.candidates, False, each.columns) for n, each in enumerate(given)]
    return toy(folder, "ddo_rm", given=given, **STEPS)


def of_reward_model(folder: Path) -> Toy:
    """A reward model with its head."""
    with seeded(0, "toy head"):
        made = RewardModel(model().base_model, pooling="mean", head_dtype=torch.float64, initial_std=0.2)
    return toy(folder, policy=made, objective=lambda policy: RewardModelObjective(policy, 0.01), **STEPS)


def of_adapters(folder: Path, *, name: str) -> Toy:
    """LoRA on every linear layer, in float32 as a stage trains it."""
    lora = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": "all-linear"}
    return toy(folder, name, policy=add_lora(model(dtype=torch.float32), lora, seed=0), **STEPS, learning_rate=1e-3)


def furthest_apart(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """Largest difference of two sets of weights."""
    assert one.keys() == other.keys()
    return max(float(np.abs(one[name].astype(float) - other[name]).max()) for name in one)


def require_alike_lines(logged: list[dict[str, float]], expected: list[dict[str, float]]) -> None:
    """Losses within a millionth, and everything else that is logged within the same of its size."""
    for line, other in zip(logged, expected, strict=True):
        assert line.keys() == other.keys()
        assert line["loss"] == pytest.approx(other["loss"], rel=0, abs=1e-6)
        assert line == pytest.approx(other, rel=1e-5, abs=1e-6)


def require_alike(pair: Group, folder: Path, *, apart: float, **case: Any) -> None:
    """Train alone and as two; compare every logged number, and the weights."""
    expected = train_case(ALONE, folder=str(folder / "alone"), **case)
    first, second = pair.run(train_case, folder=str(folder / "pair"), **case)
    assert furthest_apart(first, second) == 0, "processes of one training have the same weights, to the bit"
    assert furthest_apart(first, expected) <= apart
    logged, alone = lines(folder / "pair"), lines(folder / "alone")
    assert len(logged) == len(alone) == STEPS["max_steps"]
    require_alike_lines(logged, alone)


KINDS: list[dict[str, Any]] = [
    {"make": of_method, "name": "dpo"},
    {"make": of_method, "name": "sft"},
    {"make": of_method, "name": "ddo_rm", "candidates": 4},
    {"make": of_unequal_lists},
    {"make": of_method, "name": "kto"},
    {"make": of_method, "name": "dr_dpo"},
    {"make": of_method, "name": "feasible"},
    {"make": of_method, "name": "bco"},
    {"make": of_method, "name": "tpo_tree"},
    {"make": of_method, "name": "hypo_online_kl"},
    {"make": of_reward_model},
]
"""Pairs, a mean over tokens, lists, lists of several lengths; losses of the whole step: mismatched rows, a softmax over
the batch, multipliers per example, running means; weights of tokens; draws beside the rows; a reward model."""


def named(case: dict[str, Any]) -> str:
    return case.get("name", case["make"].__name__)


@pytest.mark.parametrize("case", KINDS, ids=named)
def test_two_processes_train_as_one(case: dict[str, Any], pair: Group, tmp_path: Path):
    """In float64, so that a mean of means or a missing share would stand out of the rounding."""
    require_alike(pair, tmp_path, apart=1e-9, **case)


@pytest.mark.parametrize("name", ["dpo", "beta_dpo"])
def test_in_single_precision_losses_are_alike_within_a_millionth(name: str, pair: Group, tmp_path: Path):
    require_alike(pair, tmp_path, apart=NOISE, make=of_method, name=name, single=True, learning_rate=1e-3)


def test_adapters_are_trained_as_whole_weights_are(pair: Group, tmp_path: Path):
    require_alike(pair, tmp_path, apart=NOISE, make=of_adapters, name="dpo")


@pytest.mark.parametrize("name", ["dpo", "dr_dpo"])
def test_a_process_without_a_microbatch_is_waited_for(name: str, pair: Group, tmp_path: Path):
    """The step is one microbatch, so the second process has nothing to compute and follows all the same."""
    require_alike(pair, tmp_path, apart=1e-9, make=of_method, name=name, per_device_train_batch_size=6)


def trained(group: Group | None, folder: Path, stop_after: int = 0) -> Any:
    """A run that goes on from what is in the folder, of two processes or of one."""
    how = {"single": True, "learning_rate": 1e-3}
    case = {"make": of_method, "name": "feasible", "stop_after": stop_after, **how}
    if group is not None:
        return group.run(train_case, folder=str(folder), **case)[0]
    if not stop_after:
        return train_case(ALONE, folder=str(folder), **case)
    with pytest.raises(Interrupted):
        train_case(ALONE, folder=str(folder), **case)
    return None


def test_a_run_that_is_stopped_goes_on_bit_by_bit_with_as_many_processes(pair: Group, tmp_path: Path):
    straight = trained(pair, tmp_path / "straight")
    assert trained(pair, tmp_path / "stopped", stop_after=2) == "interrupted"
    assert read_position(tmp_path / "stopped" / "checkpoint") is not None
    assert furthest_apart(trained(pair, tmp_path / "stopped"), straight) == 0
    assert (tmp_path / "stopped/train.jsonl").read_bytes() == (tmp_path / "straight/train.jsonl").read_bytes()


@pytest.mark.parametrize("is_second_alone", [True, False])
def test_a_run_goes_on_with_another_number_of_processes(is_second_alone: bool, pair: Group, tmp_path: Path):
    straight = trained(None, tmp_path / "straight")
    first, second = (pair, None) if is_second_alone else (None, pair)
    trained(first, tmp_path / "stopped", stop_after=2)
    assert furthest_apart(trained(second, tmp_path / "stopped"), straight) <= NOISE
    require_alike_lines(lines(tmp_path / "stopped"), lines(tmp_path / "straight"))


def short_of_memory(ranks: Ranks) -> str:
    """What each process says where the second alone has no memory left."""

    def compute() -> str:
        if ranks.number == 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")
        return "computed"

    try:
        return ranks.together(compute)
    except torch.OutOfMemoryError as error:
        return str(error)


def test_memory_that_runs_out_in_one_process_has_run_out_in_all(pair: Group):
    """So that all of them do the step again with half of the budget, and none waits for the others."""
    said = "process 1 of 2: DefaultCPUAllocator: can't allocate memory: 9 bytes"
    assert pair.run(short_of_memory) == [said, said]


def added_gradients(ranks: Ranks) -> list[Any]:
    """Gradients of three weights after they were added up: both have one, the second has one, nobody has."""
    weights = [torch.nn.Parameter(torch.zeros(3, dtype=dtype)) for dtype in (torch.float32, torch.bfloat16)]
    weights.append(torch.nn.Parameter(torch.zeros(2)))
    weights[0].grad = torch.full((3,), 1.0 + ranks.number)
    if ranks.number == 1:
        weights[1].grad = torch.full((3,), 0.5, dtype=torch.bfloat16)
    ranks.add_gradients(weights)
    return [None if weight.grad is None else weight.grad.float().tolist() for weight in weights]


def test_gradients_are_added_and_what_has_none_anywhere_keeps_none(pair: Group):
    """A weight with a gradient of zero would be decayed, one without is left alone."""
    assert pair.run(added_gradients) == [[[3.0] * 3, [0.5] * 3, None]] * 2


def unlike_weights(ranks: Ranks) -> str:
    """What is said where one bit of one weight differs."""
    weights = {"same": torch.nn.Parameter(torch.ones(2)), "other": torch.nn.Parameter(torch.ones(2))}
    if ranks.number == 1:
        weights["other"].data[0] += 1e-7
    try:
        ranks.require_equal_weights(weights, "after step 3")
    except RuntimeError as error:
        return str(error)
    return "nothing"


def test_processes_that_drifted_apart_are_noticed(pair: Group):
    assert pair.run(unlike_weights) == ["after step 3: 2 processes have different weights: other"] * 2


def test_the_largest_piece_goes_to_who_has_least_to_do():
    """Costs 5, 3, 3, 2: the first process takes 5 and then, at 5 against 6, the 2; the second takes both of 3."""
    assert [Ranks(number, 2).share([3, 5, 2, 3]) for number in range(2)] == [[1, 2], [0, 3]]
    assert ALONE.share([3, 5, 2]) == [0, 1, 2]


def turns_case(ranks: Ranks, *, count: int, looks: int) -> tuple[list[tuple[int, str]], list[int]]:
    """What comes of pieces that are worked on in turns, and which of them this process worked on."""
    worked: list[int] = []
    left = iter([False] * looks)
    values = []
    try:
        for each in ranks.in_turns(range(count), lambda n: worked.append(n) or f"piece {n}", lambda: next(left, True)):
            values.append(each)
    except Interrupted:
        values.append((-1, "interrupted"))
    return values, worked


def test_pieces_fall_to_processes_in_turns_and_all_have_every_result(pair: Group):
    first, second = pair.run(turns_case, count=5, looks=9)
    assert first[0] == second[0] == turns_case(ALONE, count=5, looks=9)[0] == [(n, f"piece {n}") for n in range(5)]
    assert (first[1], second[1]) == ([0, 2, 4], [1, 3])


def test_a_stop_that_the_first_process_hears_of_ends_all_of_them_after_whole_pieces(pair: Group):
    first, second = pair.run(turns_case, count=5, looks=1)
    assert first[0] == second[0] == [(0, "piece 0"), (1, "piece 1"), (-1, "interrupted")]
