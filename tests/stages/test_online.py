"""Rows that are drawn while a policy is trained: named draws, resumption to the bit, microbatches, what is recorded."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import finish
from safetensors.torch import load_file

from benchbench.core.rollout import Group
from benchbench.core.sampler import Arm
from benchbench.stages.preference.buffer import read_buffer
from benchbench.stages.preference.drawing import Drawer
from benchbench.stages.preference.labelling import Chooser
from benchbench.stages.preference.prompts import PolicyPrompt
from benchbench.training.checkpoint import read_position

from .online_runs import ORACLE, Trained, equal, recipe, trained


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with the SFT policy and the reward model, which every test starts from."""
    runs = tmp_path_factory.mktemp("before") / "runs"
    finish(["ddo_rm"], runs=runs, pairs_only=True)
    return runs


CASES = {
    "rloo": ("{name: rloo}", ORACLE, ""),
    "grpo": ("{name: grpo, hyper: {kl_weight: 0.05}}", ORACLE, ""),
    "grpo in a buffer": (
        "{name: grpo, hyper: {kl_weight: 0.05}}",
        ORACLE,
        "  steps_per_generation: 2\n  num_iterations: 2\n",
    ),
    "ppo": ("{name: ppo}", ORACLE, ""),
    "ppo in a buffer": (
        "{name: ppo, hyper: {value_rate: 10.0}}",
        ORACLE,
        "  steps_per_generation: 2\n  num_iterations: 2\n",
    ),
    "hypo": ("{name: hypo_online_kl}", "", ""),
    "egpo": ("{name: egpo}", ORACLE, "  selector: {name: rated_pairs}\n"),
}


def recipe_of(case: str, folder: Path) -> Path:
    """The recipe of a case; EGPO's pairs have opponents, which a mixture of the policy alone draws."""
    method, oracle, more = CASES[case]
    path = recipe(folder, method, samples=4 if case == "egpo" else 3, oracle=oracle, more=more)
    if case == "egpo":
        path.write_text(path.read_text().replace("{name: policy,", "{name: nash_mixture, options: {m: 0.0},"))
    return path


@pytest.mark.parametrize("case", CASES)
def test_a_run_that_is_stopped_after_each_step_ends_bit_by_bit_where_a_straight_one_does(before, tmp_path, case):
    path = recipe_of(case, tmp_path)
    steps = 6 if "buffer" in case else 4  # the second buffer of four steps is begun and stopped in, too
    last = f"preference.max_steps={steps}"
    straight = trained(before, tmp_path / "straight", path, last)
    shutil.copytree(before, tmp_path / "stopped" / "runs")
    stopped = Trained(path, tmp_path / "stopped" / "runs", [last])
    for step in range(1, steps):
        assert stopped.run(should_stop=lambda: True) == "interrupted"
        assert read_position(stopped.folder / "checkpoint").step == step, (
            "what was drawn and trained before a stop is kept"
        )
        assert [line["step"] for line in stopped.lines] == [*range(1, step + 1)]
        torch.manual_seed(12345)  # no draw may come from it
    assert stopped.run() == "done"
    assert len(straight.lines) == steps
    assert equal(straight, stopped)
    counts = [{k: v for k, v in run.summary["online"].items() if k != "seconds"} for run in (straight, stopped)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("case", CASES)
def test_the_microbatch_changes_nothing_but_rounding(before, tmp_path, case):
    path = recipe_of(case, tmp_path)
    slow = ("preference.learning_rate=1e-4",)  # Adam makes a step of that size of any rounding
    # the gradients of tokens that both of a pair have cancel, to a rounding
    slow += ("preference.max_steps=4", "preference.adam_epsilon=1e-4") if case == "egpo" else ()
    whole = trained(before, tmp_path / "whole", path, *slow)
    cut = trained(before, tmp_path / "cut", path, *slow, "preference.per_device_train_batch_size=1")
    furthest = max(float((whole.weights[n] - cut.weights[n]).abs().max()) for n in whole.weights)
    assert furthest < 1e-6
    for one, other in zip(whole.lines, cut.lines, strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


def test_a_judge_that_labels_draws_is_asked_through_its_cache(before, tmp_path):
    path = recipe(tmp_path, "{name: rloo}", oracle="  oracle: {name: judge, options: {judge: gold}}\n")
    run = trained(before, tmp_path, path, "preference.max_steps=2")
    assert run.summary["online"]["labels"] > 0
    assert list((run.runs / "verdicts").glob("gold-*.sqlite"))


def test_advantages_over_the_whole_step_need_no_whole_step_in_memory(before, tmp_path):
    path = recipe(tmp_path, "{name: grpo, hyper: {scale_rewards: batch}}")
    whole = trained(before, tmp_path / "whole", path)
    cut = trained(before, tmp_path / "cut", path, "preference.per_device_train_batch_size=3")
    assert max(float((whole.weights[n] - cut.weights[n]).abs().max()) for n in whole.weights) < 1e-6


def test_the_policy_learns_what_the_oracle_likes(before, tmp_path):
    sets = ("preference.max_steps=40", "preference.learning_rate=5e-3", "preference.lr_scheduler_type=constant")
    run = trained(before, tmp_path, recipe(tmp_path, "{name: rloo, hyper: {kl_weight: 0.0}}", samples=4), *sets)
    rewards = [line["online/reward"] for line in run.lines]
    assert sum(rewards[-5:]) / 5 > sum(rewards[:5]) / 5 + 0.05


@pytest.fixture(scope="module")
def rloo(before, tmp_path_factory) -> Trained:
    """Three steps of the plainest recipe."""
    folder = tmp_path_factory.mktemp("rloo")
    return trained(before, folder, recipe(folder, "{name: rloo}"))


def test_what_is_drawn_is_counted_and_logged(rloo):
    run = rloo
    online = run.summary["online"]
    assert online["responses"] == online["labels"] == 3 * 8 * 3
    assert 0 < online["generated_tokens"] <= 3 * 8 * 3 * 10
    assert set(online["seconds"]) == {"draw", "label", "train"}
    names = ["reward", "length", "cut", "identical_groups", "rows", "entropy", "kl", "clip_share"]
    assert {f"online/{name}" for name in names} <= set(run.lines[0])
    assert run.lines[0]["online/kl"] == pytest.approx(0, abs=1e-5)  # the policy is its reference still
    assert run.lines[0]["online/rows"] == 8


def test_each_draw_of_a_step_is_another_one_and_methods_share_them_while_they_are_equal(before, rloo, tmp_path):
    first, other = rloo, trained(before, tmp_path, recipe(tmp_path, "{name: grpo}"))
    assert first.lines[0]["online/reward"] == other.lines[0]["online/reward"]
    assert first.lines[0]["online/length"] != first.lines[1]["online/length"]


def test_each_row_of_a_buffer_is_trained_on_as_often_as_asked(before, tmp_path):
    more = "  steps_per_generation: 1\n  num_iterations: 3\n"
    run = trained(before, tmp_path, recipe(tmp_path, "{name: rloo}", more=more))
    assert run.summary["online"]["responses"] == 8 * 3
    assert len({line["online/reward"] for line in run.lines}) == 1
    assert run.lines[0]["online/clip_share"] == 0 and run.lines[-1]["online/clip_share"] > 0


def test_the_critic_is_in_the_checkpoint_and_not_in_the_model(before, tmp_path):
    more = "  steps_per_generation: 1\n  num_iterations: 3\n"
    path = recipe(tmp_path, "{name: ppo}", samples=1, more=more)
    shutil.copytree(before, tmp_path / "runs", dirs_exist_ok=True)
    run = Trained(path, tmp_path / "runs", ["preference.learning_rate=1e-3"])
    assert run.run(should_stop=lambda: True) == "interrupted"
    stored = load_file(run.folder / "checkpoint" / "state.safetensors")
    assert {"model.head.linear.weight", "optimizer.exp_avg.model.head.linear.weight"} & set(stored)
    buffer = read_buffer(stored["moving.online.buffer"])
    assert buffer.values is not None and buffer.logps is not None and buffer.values.keys() == buffer.logps.keys()
    assert run.run() == "done"
    assert not [name for name in run.weights if "head.linear" in name]
    assert run.lines[0]["online/clip_share"] == 0 and run.lines[-1]["online/clip_share"] > 0


def test_the_critic_learns_what_responses_are_worth(before, tmp_path):
    steady = ("preference.max_steps=40", "preference.lr_scheduler_type=constant", "preference.learning_rate=1e-5")
    run = trained(before, tmp_path, recipe(tmp_path, "{name: ppo, hyper: {value_rate: 1000.0}}"), *steady)
    errors = [line["loss/value"] for line in run.lines]
    assert sum(errors[-5:]) < 0.8 * sum(errors[:5])


def test_pairs_of_draws_train_a_method_of_pairs(before, tmp_path):
    more = "  selector: {name: best_worst, options: {cut: keep}}\n"
    run = trained(before, tmp_path, recipe(tmp_path, "{name: dpo}", samples=2, more=more))
    assert all("rewards/margins" in line for line in run.lines)
    assert run.lines[0]["rewards/margins"] == pytest.approx(0, abs=1e-5)


ARMS = {
    "xpo": ("policy_and_reference", "arm_pairs", 2),
    "vpo": ("policy_and_reference", "arm_pairs", 2),
    "nash_md": ("nash_mixture", "against_mixture", 4),
    "egpo": ("nash_mixture", "rated_pairs", 4),
}


@pytest.mark.parametrize("method", ARMS)
def test_methods_that_read_who_drew_a_response_are_trained_on_two_arms(before, tmp_path, method):
    sampler, selector, samples = ARMS[method]
    path = recipe(
        tmp_path,
        f"{{name: {method}}}",
        samples=samples,
        more=f"  selector: {{name: {selector}, options: {{cut: keep}}}}\n",
    )
    path.write_text(path.read_text().replace("{name: policy,", f"{{name: {sampler},"))
    run = trained(before, tmp_path, path, "preference.max_steps=4")
    assert run.summary["online"]["responses"] == samples * 8 * 4
    assert all(line["online/rows"] > 0 for line in run.lines)


def test_a_mixture_of_the_policy_and_itself_draws_what_the_policy_does(before, tmp_path, monkeypatch):
    drawn: list[list[list[tuple[int, ...]]]] = []
    groups = Drawer.groups
    both = Arm("mixture", 3, {"policy": 0.5, "reference": 0.5})

    def recorded(self: Drawer, prompts: Sequence[PolicyPrompt], batch: int) -> list[Group]:
        alone = groups(self, prompts, batch)
        same = {"policy": self.models["policy"], "reference": self.models["policy"]}
        self.models["policy"].train()
        mixed = groups(replace(self, models=same, arms=(both,)), prompts, batch)
        assert self.models["policy"].training
        drawn.extend([[response.tokens for response in group.responses] for group in each] for each in (alone, mixed))
        return alone

    monkeypatch.setattr(Drawer, "groups", recorded)
    trained(before, tmp_path, recipe(tmp_path, "{name: rloo}"), "preference.max_steps=1")
    assert len(drawn) == 2 and drawn[0] == drawn[1]


def test_a_step_without_a_row_changes_nothing(before, tmp_path):
    """Where the selector gives none: here no two scores lie as far apart as it wants them."""
    more = "  selector: {name: best_worst, options: {cut: keep, min_gap: 1000.0}}\n"
    run = trained(before, tmp_path, recipe(tmp_path, "{name: dpo}", samples=2, more=more))
    assert [line["online/rows"] for line in run.lines] == [0, 0, 0]
    (start,) = (run.runs / "sft").iterdir()
    weights = load_file(start / "model" / "model.safetensors")
    assert all(torch.equal(weights[name], value) for name, value in run.weights.items())


def test_a_step_without_a_row_after_one_with_rows_changes_nothing_either(before, tmp_path, monkeypatch):
    """The optimizer remembers the gradients of the step before, and weights would decay."""
    picks = Chooser.picks

    def first_only(self: Chooser, groups: Sequence[Group], labels: Any, batch: int) -> Any:
        return [()] * len(groups) if batch else picks(self, groups, labels, batch)

    monkeypatch.setattr(Chooser, "picks", first_only)
    steady = ("preference.lr_scheduler_type=constant", "preference.weight_decay=0.1")
    path = recipe(tmp_path, "{name: rloo}")
    one = trained(before, tmp_path / "one", path, *steady, "preference.max_steps=1")
    three = trained(before, tmp_path / "three", path, *steady, "preference.max_steps=3")
    assert [line["online/rows"] for line in three.lines] == [8, 0, 0]
    assert all(torch.equal(one.weights[name], value) for name, value in three.weights.items())


def test_draws_beside_the_rows_may_answer_other_prompts(before, tmp_path, monkeypatch):
    answered: dict[str, set[str]] = {}
    groups = Drawer.groups

    def recorded(self: Drawer, prompts: Sequence[PolicyPrompt], batch: int) -> list[Group]:
        answered.setdefault(place, set()).update(prompt.example for prompt in prompts)
        return groups(self, prompts, batch)

    monkeypatch.setattr(Drawer, "groups", recorded)
    runs = {}
    for place, more in {"same": "", "others": "  prompts: {split: validation}\n"}.items():
        (tmp_path / place).mkdir()
        path = recipe(tmp_path / place, "{name: hypo_online_kl}", oracle="", more=more)
        runs[place] = trained(before, tmp_path / place, path)
    assert [run.summary["online"]["responses"] for run in runs.values()] == [3 * 8 * 3] * 2
    assert not answered["same"] & answered["others"]
    assert not equal(runs["same"], runs["others"])
