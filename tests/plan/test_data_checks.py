"""What is missing from the data is reported before anything is trained, with the example and the way out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, bench, leftovers

from benchbench import methods
from benchbench.core.method import Candidates, Column
from benchbench.data.column_shape import split_shape
from benchbench.data.serial import from_json, to_json
from benchbench.plan.checks import data as data_checks
from benchbench.plan.checks.columns import column_faults
from benchbench.store.prepared import write_prepared

Row = Mapping[str, Any]
KEYS = {"key": "preference.split", "missing_key": "method.name"}
PAIR = {"prompt": "What is two and two?", "chosen": "four", "rejected": "five"}
PAIRS = [{**PAIR, "prompt": f"What is {i} and {i}?"} for i in range(6)]
THUMBS = [{"prompt": f"Say {i}.", "completion": f"It is {i}.", "label": i % 2 == 0} for i in range(6)]
OPTIONS = "options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"


@pytest.fixture
def told(write_yaml: Callable[..., Path], tmp_path: Path) -> Callable[..., str]:
    """What a comparison says that is refused: one method over files by split, `pairs` where none is given."""

    def refused(method: str, *sets: str, options: str = "", code: int = 2, **files: Sequence[Row]) -> str:
        splits = {"sft": PAIRS, "train": PAIRS, "reward": PAIRS, "test": PAIRS, **files}
        for split, rows in splits.items():
            (tmp_path / f"{split}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        listed = ", ".join(f"{split}: {split}.jsonl" for split in splits)
        swap = {"source: toy": "source: local_files", OPTIONS: f"options: {{files: {{{listed}}}{options}}}"}
        setting = write_yaml("mine.yaml", swap=swap)
        words = [word for text in sets for word in ("--set", text)]
        where = ("--runs", tmp_path / "runs", "--seeds", 1, "--dry-run")
        ended = bench("compare", method, "--setting", setting, *words, *where)
        assert ended.code == code, ended.err
        assert leftovers(tmp_path / "runs") == []
        return ended.err if code else ended.out

    return refused


def soft(*values: float | None) -> list[Row]:
    return [{**row, "p_chosen": value} for row, value in zip(PAIRS, values, strict=True)]


# --- columns --------------------------------------------------------------------------------------------------------


def test_a_value_outside_the_declared_range_is_named_with_its_example(told):
    message = told("gdpo", options=", columns: [p_chosen]", train=soft(0.5, 80, 0.2, 1, -3, 7), **_soft())
    found = "split 'train', column 'p_chosen': expected numbers in [0, 1], found 80 in example train-00001 (and 2 more)"
    assert f"preference.split: {found}" in message


def test_a_missing_value_is_named_with_its_example_and_can_be_dropped(told):
    files = {"train": soft(0.5, 0.5, 0.5, None, 0.5, float("nan")), **_soft()}
    message = told("gdpo", options=", columns: [p_chosen]", **files)
    assert "column 'p_chosen': missing in 2 of 6 examples, first train-00003; fill it, or drop the rows" in message
    assert "data.options.drop_missing: [p_chosen]" in message
    plan = told("gdpo", options=", columns: [p_chosen], drop_missing: [p_chosen]", code=0, **files)
    assert "gdpo seed 1" in plan


def test_a_whole_column_of_the_wrong_kind_is_refused(told):
    lists = [{**row, "p_chosen": [0.7, 0.3]} for row in PAIRS]
    message = told("gdpo", options=", columns: [p_chosen]", train=lists, **_soft())
    assert "column 'p_chosen': expected one number per example, found one per candidate" in message
    mixed = [*soft(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)[:3], *lists[3:]]
    message = told("gdpo", options=", columns: [p_chosen]", train=mixed, **_soft())
    assert "expected one number per example, found lists in some examples only" in message


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ([[1, 2], None, [1, 2], [1, None], [0, 1], [0, 1]], "missing in 2 of 6 examples, first train-00001; fill it"),
        ([[1, 2], 3, [1, 2], [1, 2], [0, 1], [0, 1]], "one number per candidate, found lists in some examples only"),
        ([3, 3, 3, 3, 3, 3], "expected a column with one number per candidate, split 'train' has none; got 'gold'"),
    ],
)
def test_rewards_from_a_column_are_one_per_candidate_and_none_missing(told, gold, message):
    rows = [{**row, "gold": value} for row, value in zip(PAIRS, gold, strict=True)]
    reward = "preference.reward={source: column, column: gold}"
    whole = {split: [{**row, "gold": [1, 0]} for row in PAIRS] for split in ("sft", "reward", "test")}
    assert message in told("ddo_rm", reward, options=", columns: [gold]", train=rows, **whole)


def test_ratings_are_a_reward_column_and_a_missing_one_is_reported(told):
    rows = [{**row, "score_chosen": 9, "score_rejected": None if i == 4 else 2} for i, row in enumerate(PAIRS)]
    reward = "preference.reward={source: column, column: score}"
    message = told("ddo_rm", reward, train=rows)
    assert "column 'score': missing in 1 of 6 examples, first train-00004" in message
    assert "ddo_rm seed 1" in told(
        "ddo_rm",
        reward,
        options=", drop_missing: [score]",
        code=0,
        **dict.fromkeys(("sft", "train", "reward", "test"), rows),
    )


def test_a_metric_that_reads_responses_refuses_a_number_of_the_pair(told):
    """Else gold would order no pair, and the accuracy be one half."""
    whole = {split: [{**row, "gold": 1} for row in PAIRS] for split in ("sft", "train", "reward", "test")}
    message = told("dpo", options=", columns: [gold]", **whole)
    assert "'gold_pair_accuracy' reads one number per candidate, column 'gold' has one per example" in message


# --- orders ---------------------------------------------------------------------------------------------------------


def test_candidates_in_no_order_are_refused_where_the_first_is_taken_for_the_preferred_one(told):
    rows = [{"prompt": row["prompt"], "candidates": ["four", "five"]} for row in PAIRS]
    message = told("dpo", sft=rows, train=rows, test=rows)
    for key in ("sft.split", "preference.split", "score.split"):
        assert f"{key}: expected the preferred response first, found candidates without ratings, in no order" in message
    assert "preferred_by: given" in message
    assert "dpo seed 1" in told("dpo", options=", preferred_by: given", code=0, sft=rows, train=rows, test=rows)
    scored = [{**row, "scores": [1, 9]} for row in rows]
    assert "dpo seed 1" in told("dpo", code=0, sft=scored, train=scored, test=scored)


def test_a_method_over_candidates_needs_no_order_and_two_of_them(told):
    rows = [{"prompt": row["prompt"], "candidates": ["four", "five", "six"]} for row in PAIRS]
    assert "ddo_rm seed 1" in told("ddo_rm", code=0, train=rows)
    one = [{"prompt": row["prompt"], "candidates": ["four"]} for row in PAIRS]
    message = told("ddo_rm", train=one)
    assert "'ddo_rm' takes two candidates or more, split 'train' has 1 candidates" in message


def test_lists_of_unequal_length_are_taken_and_one_that_is_too_short_is_refused(told):
    texts = ["four", "five", "six", "seven"]
    rows = [{"prompt": row["prompt"], "candidates": texts[: 2 + i % 3]} for i, row in enumerate(PAIRS)]
    assert "ddo_rm seed 1" in told("ddo_rm", code=0, train=rows)
    short = [*rows, {"prompt": "What is it?", "candidates": ["four"]}]
    message = told("ddo_rm", train=short)
    assert "'ddo_rm' takes two candidates or more, split 'train' has 1, 2, 3, 4 candidates" in message


@pytest.mark.parametrize("coupled", [True, lambda hyper: hyper.eta > 0, False, lambda hyper: hyper.eta < 0])
def test_a_loss_over_the_whole_step_takes_lists_of_one_length(told, monkeypatch, coupled):
    """Whether it is one may be a matter of its hyper-parameters."""
    rows = [
        {"prompt": row["prompt"], "candidates": ["four", "five", "six"][: 2 + i % 2]} for i, row in enumerate(PAIRS)
    ]
    method = replace(methods.get("ddo_rm"), coupled=coupled)
    monkeypatch.setattr(data_checks.methods, "get", lambda name, **_: method)
    if not method.is_coupled(method.hyper()):
        assert "ddo_rm seed 1" in told("ddo_rm", code=0, train=rows)
        return
    message = told("ddo_rm", train=rows)
    assert "expected equally many candidates: 'ddo_rm' compares the examples of a step with each other" in message


def test_the_toy_worlds_candidates_are_in_no_order(tmp_path: Path):
    sets = ("--set", "preference.split=train_candidates", "--set", "data.options.candidates=2")
    ended = bench("compare", "dpo", "--setting", MICRO, *sets, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code == 2 and "preference.split: expected the preferred response first" in ended.err


# --- labels ---------------------------------------------------------------------------------------------------------


def test_the_plan_says_that_sft_trains_on_the_examples_labelled_true(told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert "sft seed 1, on 3 of 6 examples, those labelled true" in told("dpo", code=0, sft=THUMBS)
    bad = [{**row, "label": False} for row in THUMBS]
    assert "sft.split: expected examples labelled true, found none in split 'sft'" in told("dpo", sft=bad)


@pytest.mark.parametrize("method", ["dpo", "ddo_rm"])
def test_a_stage_that_does_not_read_labels_refuses_a_split_that_has_them(told, method: str):
    message = told(method, train=THUMBS, reward=THUMBS, test=THUMBS)
    assert f"preference.split: '{method}' does not read labels (thumbs up or down), which split 'train' has" in message
    assert "reward_model.split: expected pairs" in message and "score.split: expected pairs" in message


def test_a_reward_model_of_the_first_response_refuses_labels_that_it_does_not_read(told):
    """Of a thumbs-down response alone it would learn that it is good."""
    message = told("reward_model@classification", reward=THUMBS)
    assert (
        "reward_model.split: 'classification' does not read labels (thumbs up or down), which split 'reward'" in message
    )


@pytest.mark.parametrize("objective", ["contrastive", "plackett_luce"])
def test_a_reward_model_that_compares_candidates_refuses_single_ones(told, objective: str):
    message = told(f"reward_model@{objective}", reward=[{"prompt": f"Say {i}.", "completion": "So."} for i in range(6)])
    assert f"reward_model.split: '{objective}' takes two candidates or more, split 'reward' has 1" in message


def test_pseudo_labelled_pairs_need_what_a_score_reads_and_lose_what_is_said_of_the_pair(told):
    """Features must be in the split that is labelled, too; a user of the pair would be left out with its order."""
    sets = ("reward_model.pseudo_labels={split: train}", "reward_model.objective.hyper={columns: [length]}")
    rated, of_pairs = ([{**row, "length": length} for row in PAIRS] for length in ([1, 2], 1))
    others = {"reward": rated, "test": rated, "sft": rated}
    message = told("reward_model@features", *sets, options=", columns: [length]", train=of_pairs, **others)
    assert "reward_model.pseudo_labels.split: split 'train', column 'length': expected one number per cand" in message
    users = {split: [{**row, "user": 0} for row in PAIRS] for split in ("sft", "train", "reward", "test")}
    message = told("reward_model@pal_a", sets[0], options=", columns: [user]", **users)
    assert "reward_model.pseudo_labels: expected an objective of pairs that reads no labels but their order" in message


def test_a_method_that_declares_the_label_finds_it(tmp_path: Path):
    """Tokenising adds `label` and `score`, and the plan knows it."""
    rows = [{"id": f"e{i}", "prompt": [{"role": "user", "content": "q"}], "candidates": ["a"]} for i in range(4)]
    examples = [from_json({**row, "label": i < 2}) for i, row in enumerate(rows)]
    shapes = {"train": split_shape(examples, ordered=True)}
    data = write_prepared(
        tmp_path, "key", {"train": examples}, to_json, hashes={"train": "h"}, report={}, shapes=shapes
    )
    method = replace(methods.get("dpo"), candidates=Candidates.ONE, columns=(Column("label", low=0, high=1),))
    assert data_checks._preference_faults("train", method, method.hyper(), data) == []
    by_reward = replace(method, candidates=Candidates.LABELLED, columns=())  # as of `unpaired_from_pairs` with a reward
    assert data_checks._preference_faults("train", by_reward, by_reward.hyper(), data) == []
    assert column_faults("dpo", method.columns[0], "train", data, **KEYS) == []
    (fault,) = column_faults("dpo", Column("weight"), "train", data, **KEYS)
    assert "reads the column 'weight', which split 'train' does not have; it has label" in str(fault)


def _soft() -> dict[str, list[Row]]:
    """The other splits, with a column that is whole."""
    return {split: soft(*[0.5] * 6) for split in ("sft", "reward", "test")}


# --- roles and spans ------------------------------------------------------------------------------------------------

TRIPLES = [
    {"prompt": row["prompt"], "candidates": ["four", "five", "4"], "roles": ["chosen", "rejected", "gold"]}
    for row in PAIRS
]


def test_a_method_on_pairs_takes_chosen_and_rejected_out_of_more(told):
    assert "dpo seed 1" in told("dpo", code=0, train=TRIPLES)
    bare = [{name: value for name, value in row.items() if name != "roles"} for row in TRIPLES]
    assert "preference.split: 'dpo' takes pairs, split 'train' has 3 candidates" in told("dpo", train=bare)


def test_a_pair_that_is_not_in_every_example_is_missed(told):
    message = told(
        "dpo", train=[*TRIPLES[:4], *({**row, "roles": ["chosen", "gold", "unseen"]} for row in TRIPLES[4:])]
    )
    assert "'dpo' reads the candidate of role 'rejected', which 2 of 6 examples of split 'train' lack" in message


def test_rows_that_contradict_themselves_are_refused_with_their_numbers(told):
    message = told("dpo", train=[*TRIPLES[:3], {**TRIPLES[3], "roles": ["chosen"]}])
    assert "row 3: roles: expected one for each of 3 candidates, got 1" in message


def test_sft_refuses_a_split_whose_first_candidate_is_no_answer(told):
    rows = [{**row, "roles": ["rationale", "chosen", "rejected"]} for row in TRIPLES]
    assert "sft.split: expected the preferred response first" in told("dpo", sft=rows)
    assert "dpo seed 1" in told("dpo", code=0, sft=[{**row, "roles": ["gold", "unseen", "other"]} for row in TRIPLES])
