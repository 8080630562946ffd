"""Shapings of what a policy draws: the published formulas inside the training loop, and nothing where they are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from harness import Finished

from benchbench import shaping
from benchbench.core.shaping import GroupSignals, Shaping
from benchbench.methods import ppo
from benchbench.stages.preference import shaper
from benchbench.stages.preference.drawn_rows import OnlineRows

from .online_runs import ORACLE, Trained, equal, recipe, trained

PARTS = "  oracle: {name: gold_objectives, options: {parts: [overlap, manner]}}\n"
BUFFER = "  steps_per_generation: 2\n  num_iterations: 2\n"
GRPO, PPO = "{name: grpo, hyper: {kl_weight: 0.05}}", "{name: ppo, hyper: {kl_weight: 0.0}}"
RTO = "  shaping: {name: rto, guide: dpo}\n"


@pytest.fixture(scope="module")
def before(finished: Finished) -> Path:
    """Runs with the SFT policy, the reward model and the policy of DPO."""
    return finished.runs


@dataclass(frozen=True)
class NoOptions:
    """None."""


def unchanged(gives: str, needs: str, shape: Callable[[Any, GroupSignals], Any]) -> Shaping:
    """A shaping that changes nothing."""
    paper = shaping.get("rto").paper
    return Shaping(
        name="unchanged",
        paper=paper,
        options=NoOptions,
        shape=shape,
        gives=gives,  # type: ignore[arg-type]
        needs=frozenset({needs}),
    )


UNCHANGED = {
    "rewards": (PPO, unchanged("rewards", "rewards", lambda options, signals: signals.rewards)),
    "weights": (
        GRPO,
        unchanged("token_weights", "policy", lambda options, signals: tuple(np.ones_like(p) for p in signals.policy)),
    ),
}


@pytest.mark.parametrize("case", UNCHANGED)
def test_a_shaping_that_changes_nothing_trains_the_same_policy_to_the_bit(before, tmp_path, monkeypatch, case):
    method, exhibit = UNCHANGED[case]
    get = shaping.get
    monkeypatch.setattr(shaping, "get", lambda name: exhibit if name == "unchanged" else get(name))
    runs = []
    for more in ("", "  shaping: {name: unchanged}\n"):
        folder = tmp_path / f"run{len(runs)}"
        folder.mkdir()
        runs.append(trained(before, folder, recipe(folder, method, more=more)))
    assert runs[0].policy.key != runs[1].policy.key
    assert all(torch.equal(value, runs[1].weights[name]) for name, value in runs[0].weights.items())
    assert [line["loss"] for line in runs[0].lines] == [line["loss"] for line in runs[1].lines]
    assert [line["online/unshaped"] for line in runs[1].lines] == [0, 0, 0]


RECIPES = {
    "mo_grpo": (GRPO, PARTS, "  shaping: {name: mo_grpo, options: {weights: [2.0, 1.0]}}\n"),
    "tw_grpo_twin": (GRPO, ORACLE, "  shaping: {name: tw_grpo_twin}\n" + BUFFER),
    "rto": (PPO, ORACLE, RTO + BUFFER),
    "constrained_ppo": ("{name: ppo}", PARTS, "  shaping: {name: constrained_ppo, options: {thresholds: [3.0]}}\n"),
}


@pytest.mark.parametrize("case", RECIPES)
def test_a_shaped_run_that_is_stopped_ends_where_a_straight_one_does(before, tmp_path, case):
    method, oracle, more = RECIPES[case]
    path, last = recipe(tmp_path, method, oracle=oracle, more=more), "preference.max_steps=3"
    straight = trained(before, tmp_path / "straight", path, last)
    stopped = Trained(path, tmp_path / "stopped" / "runs", [last])
    stopped.start_from(straight.runs)
    assert stopped.run(should_stop=lambda: True) == "interrupted"
    assert stopped.run(should_stop=lambda: len(stopped.lines) == 2) == "interrupted"
    torch.manual_seed(12345)
    assert stopped.run() == "done"
    assert equal(straight, stopped)
    if case == "constrained_ppo":  # no part is worth 3, so that the multiplier grows from step to step
        multipliers = [line["online/carried_1"] for line in straight.lines]
        assert multipliers[0] == 0 and 0.2 < multipliers[1] < multipliers[2]


@dataclass
class Recorder:
    """What a run's shaping read and gave, and what the loss then had."""

    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.groups: list[tuple[GroupSignals, Any]] = []
        self.tensors: list[torch.Tensor] = []
        shape_group, shaped = shaper.shape_group, OnlineRows.shaped

        def shape(exhibit: Shaping, options: Any, signals: GroupSignals) -> Any:
            self.groups.append((signals, shape_group(exhibit, options, signals)))
            return self.groups[-1][1]

        def of_batch(rows: OnlineRows, batch: Any) -> Any:
            given = shaped(rows, batch)
            self.tensors += given.values()
            return given

        self.monkeypatch.setattr(shaper, "shape_group", shape)
        self.monkeypatch.setattr(OnlineRows, "shaped", of_batch)


def test_the_loss_has_the_tokens_that_rto_rewards(before, tmp_path, monkeypatch):
    """By hand of the signals: 0.05 (guide - reference) within 0.05, less 0.01 (policy - reference), and the reward."""
    seen, rewards = Recorder(monkeypatch), []
    advantages = ppo.tokens.generalised_advantages

    def recorded(given: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        rewards.append(given)
        return advantages(given, *rest, **more)

    monkeypatch.setattr(ppo.tokens, "generalised_advantages", recorded)
    trained(before, tmp_path, recipe(tmp_path, PPO, more=RTO), "preference.max_steps=1")
    (tensor,), (given,) = seen.tensors, rewards
    assert len(seen.groups) == tensor.shape[0] == 8 and torch.equal(given, tensor)
    for (signals, _), row in zip(seen.groups, tensor, strict=True):
        for k in range(3):
            guide, policy, reference = (part[k] for part in (signals.guide, signals.policy, signals.reference))
            assert np.abs(guide - reference).max() > 0 and np.abs(policy - reference).max() < 1e-6  # the first step
            expected = np.clip(0.05 * (guide - reference), -0.05, 0.05) - 0.01 * (policy - reference)
            expected[-1] += signals.rewards[k] if signals.ended[k] else 0.0
            of_tokens = row[k][row[k] != 0].numpy()
            np.testing.assert_allclose(of_tokens, expected[expected != 0], rtol=1e-6, atol=1e-8)


def test_the_loss_has_the_advantages_of_a_weighted_sum(before, tmp_path, monkeypatch):
    """A response's advantage is that of 2 overlap + manner within its group, over the unbiased deviation plus 1e-4."""
    seen = Recorder(monkeypatch)
    _, oracle, more = RECIPES["mo_grpo"]
    trained(before, tmp_path, recipe(tmp_path, GRPO, oracle=oracle, more=more), "preference.max_steps=1")
    (tensor,) = seen.tensors
    sums = torch.tensor(np.stack([2 * s.objectives[:, 0] + s.objectives[:, 1] for s, _ in seen.groups]))
    expected = (sums - sums.mean(dim=1, keepdim=True)) / (sums.std(dim=1, keepdim=True) + 1e-4)
    torch.testing.assert_close(tensor, expected.float())


def test_tokens_weigh_as_the_distributions_of_their_group_say(before, tmp_path, monkeypatch):
    """The distributions are the policy's own at the tokens it drew, and each weight is within 1 and alpha."""
    seen = Recorder(monkeypatch)
    more = "  shaping: {name: tw_grpo_twin, options: {alpha: 2.0}}\n"
    trained(before, tmp_path, recipe(tmp_path, GRPO, more=more), "preference.max_steps=1")
    (tensor,) = seen.tensors
    for (signals, weights), row in zip(seen.groups, tensor, strict=True):
        assert all(np.exp(part).sum(axis=-1) == pytest.approx(1, abs=1e-5) for part in signals.distributions)
        assert min(map(np.min, weights)) >= 1 and max(map(np.max, weights)) == 2
        for k, part in enumerate(weights):
            assert row[k][row[k] != 0].tolist() == pytest.approx(part.tolist())
