"""Rounds whose rows are steps: a search with the policy, siblings with a shared prefix, and a loss over one step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchbench.commands.resolve import resolve
from benchbench.data.rollout_json import group_of
from benchbench.plan.build import build_plan
from benchbench.plan.prepare import prepare
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.runs import RunStore
from tests.stages.rounds import World, check_rollout_in_pieces, world

DATA = (
    "data={source: arithmetic, options: {fewest_steps: 1, most_steps: 2, modulus: 3, demonstrations: 400, "
    "preference_prompts: 48, validation_prompts: 8, test_prompts: 8}}"
)
LEARNS = ("sft.max_steps=60", "sft.global_batch_size=16", "sft.learning_rate=1e-2", "generate.max_num_seqs=4")
BEAM = "name: step_beam, options: {keep: 2, depth: 4GROUPS}, num_samples: 4"
MCTS = "name: mcts, options: {iterations: 6, depth: 4}, num_samples: 4"
SIBLINGS = "{name: path_siblings, options: {path: on_path, tied: keep, cut: keep}}"
DRAW = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 9"


def section(sampler: str, selector: str = SIBLINGS, *, per_round: int = 6, count: int = 1) -> str:
    """The section of rounds that search."""
    prompts = f"{{split: train, per_round: {per_round}}}"
    parts = f"prompts: {prompts}, sampler: {{{sampler}, {DRAW}}}, oracle: {{name: search}}, selector: {selector}"
    return f"rounds={{count: {count}, {parts}}}"


def searching(folder: Path, *sets: str, target: str = "dpo", runs: str = "../runs") -> World:
    return world(folder, DATA, *LEARNS, *sets, target=target, runs=runs)


def groups(made: World, number: int = 1) -> list[Any]:
    """The groups of a round's rollout."""
    text = (made.store.folder(made.cell.rounds[number - 1].rollout) / "examples" / "train.jsonl").read_text()
    return [group_of(json.loads(line)) for line in text.splitlines()]


def summary(made: World, number: int = 1) -> Mapping[str, Any]:
    return made.store.record(made.cell.rounds[number - 1].rollout).summary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' stages are filed, so that they train one SFT policy together."""
    return tmp_path_factory.mktemp("search")


@pytest.fixture(scope="module")
def beam(folder: Path) -> World:
    made = searching(folder / "beam", section(BEAM.replace("GROUPS", ""), count=2))
    assert set(made.run().values()) == {"done"}
    return made


def test_each_row_scores_one_step_behind_the_prompt_and_the_steps_above_it(beam: World):
    by_context = {(*group.prompt, *group.prefix): group for group in groups(beam)}
    rows = beam.rows(1)
    assert any(group.prefix for group in groups(beam)) and rows
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        group = by_context[tuple(row["tokens"]["prompt"])]
        chosen, rejected = (tuple(ids) for ids in row["tokens"]["responses"])
        places = [[r.scored for r in group.responses].index(ids) for ids in (chosen, rejected)]
        assert group.search_labels is not None
        assert [group.search_labels.columns["on_path"][place] for place in places] == [1.0, 0.0]
        assert row["columns"]["score"] == [group.search_labels.scores[place] for place in places]


def test_the_prefix_of_each_step_is_what_was_chosen_above_it(beam: World):
    by_example: dict[str, list[Any]] = {}
    for group in groups(beam):
        by_example.setdefault(group.example, []).append(group)
    assert len(by_example) == 6
    for of_example in by_example.values():
        prefix: tuple[int, ...] = ()
        for group in of_example:
            assert group.prefix == prefix
            assert len({r.scored for r in group.responses}) == len(group.responses) <= 4, "no sibling stands twice"
            prefix = (*prefix, *group.responses[group.search_labels.columns["on_path"].index(1.0)].scored)


def test_what_a_search_took_is_recorded_and_counted_as_labels(beam: World):
    took = summary(beam)
    in_groups = sum(len(group.responses) for group in groups(beam))
    assert took["prompts"] == 6 and took["groups"] == len(groups(beam)) > 6
    assert took["responses"] % 4 == 0 and took["responses"] >= took["values"] >= in_groups
    assert took["generated_tokens"] > sum(len(r.tokens) for group in groups(beam) for r in group.responses)
    labels = beam.store.record(str(beam.cell.rounds[0].label)).summary
    assert labels["answers"] == took["values"] and labels["kind"] == "rule"


def test_the_second_round_searches_with_the_first_ones_policy(beam: World):
    first, second = beam.cell.rounds
    assert beam.plan.stages[second.rollout].inputs == {"policy": first.policy}
    assert beam.weights(first.policy) != beam.weights(second.policy)
    assert {group.example for group in groups(beam, 2)}.isdisjoint(group.example for group in groups(beam))


def test_paths_are_those_of_the_same_search_whole(beam: World, folder: Path):
    paths = searching(folder / "paths", section(BEAM.replace("GROUPS", ", groups: paths")))
    assert set(paths.run().values()) == {"done"}
    assert {name: summary(paths)[name] for name in ("responses", "values", "generated_tokens")} == {
        name: summary(beam)[name] for name in ("responses", "values", "generated_tokens")
    }
    steps: dict[str, tuple[int, ...]] = {}
    for group in groups(beam):
        chosen = group.responses[group.search_labels.columns["on_path"].index(1.0)]
        steps[group.example] = (*steps.get(group.example, ()), *chosen.scored)
    for group in groups(paths):
        whole = group.responses[group.search_labels.columns["on_path"].index(1.0)]
        assert whole.scored == steps[group.example] and group.prefix == ()


def test_the_best_paths_alone_are_demonstrations(folder: Path):
    sampler, selector = BEAM.replace("GROUPS", ", groups: paths"), "{name: path_alone, options: {cut: keep}}"
    made = searching(folder / "alone", section(sampler, selector), target="imitation")
    assert set(made.run().values()) == {"done"}
    rows = made.rows(1)
    assert len(rows) == 6 and all(len(row["candidates"]) == 1 for row in rows)


def test_a_tree_search_labels_siblings_with_its_q_and_visits(folder: Path):
    selector = "{name: best_worst, options: {ties: drop, cut: keep}}"
    made = searching(folder / "mcts", section(MCTS, selector))
    assert set(made.run().values()) == {"done"}
    roots = [group for group in groups(made) if not group.prefix]
    assert all(sum(group.search_labels.columns["visits"]) == 6 for group in roots)
    for row in made.rows(1):
        assert row["columns"]["score"][0] > row["columns"]["score"][1] and "visits" in row["columns"]


@pytest.mark.parametrize("sampler", [BEAM.replace("GROUPS", ""), MCTS])
def test_a_search_that_was_stopped_goes_on_to_the_same_bytes(folder: Path, tmp_path: Path, sampler: str):
    whole = searching(folder / "whole", section(sampler, per_round=10))
    stopped = searching(folder / "whole", section(sampler, per_round=10), runs=str(tmp_path / "runs"))
    check_rollout_in_pieces(whole, stopped)
    counts = [summary(each) for each in (whole, stopped)]
    assert all(counts[0][name] == counts[1][name] for name in ("responses", "values", "generated_tokens"))


SMALL = (
    "data.options.demonstrations=400",
    "data.options.preference_prompts=16",
    "data.options.most_steps=2",
    "model.from_config.num_hidden_layers=1",
    "sft.max_steps=40",
    "sft.num_train_epochs=1",
    "rounds.prompts.per_round=6",
    "preference.max_steps=3",
    "preference.global_batch_size=4",
    "preference.per_device_train_batch_size=4",
    "generate.engine=transformers",
)


@pytest.mark.parametrize("name", ["dpo_cpo_chain", "dpo_full_path", "continued_sft_tree", "dpo_mcts"])
def test_a_shipped_recipe_trains(folder: Path, name: str):
    """Smaller in everything, since its parts are what is looked at; a policy of few steps is seldom right."""
    loose = {"continued_sft_tree": "{cut: keep}", "dpo_mcts": "{ties: keep, cut: keep}"}
    options = loose.get(name, "{path: on_path, rejected: each, tied: keep, cut: keep}")
    sets = (*SMALL, f"rounds.selector.options={options}")
    loaded = resolve(f"recipes/{name}_arithmetic.yaml", setting=None, overrides=parse_overrides(sets))
    store = RunStore(folder / "shipped")
    plan = build_plan([(loaded, prepare(loaded, store.root), (42,))])
    made = World(plan, plan.cells[0], store)
    assert set(made.run().values()) == {"done"}
    assert made.rows(1), summary(made)
    sft = next(key for key in plan.stages if key.startswith("sft/"))
    assert made.weights(made.cell.policy) != made.weights(sft)
