"""Pseudo-labels: pairs in the order of a reward model, where it is sure."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, bench, finish

from benchbench.core.example import Example, Message, Span
from benchbench.stages.pseudo_labels.run import in_order_of

PAIR = Example("e", (Message("user", "?"),), ("a", "b"), (1.0, 5.0), None, {"gold": (0.0, 1.0), "p_chosen": 0.9})


def test_the_higher_reward_comes_first_with_its_columns():
    """Sigmoid of 3 is 0.95; what was said of the pair as it was ordered is left out."""
    turned = in_order_of(PAIR, [0.0, 3.0], threshold=0.9)
    assert turned is not None and turned.id == "pseudo-e"
    assert turned.candidates == ("b", "a") and turned.ratings == (5.0, 1.0)
    assert turned.columns == {"gold": (1.0, 0.0)}
    kept = in_order_of(PAIR, [3.0, 0.0], threshold=0.9)
    assert kept is not None and kept.candidates == ("a", "b")


def test_prompts_and_spans_of_the_responses_go_with_them():
    asked = tuple((Message("user", text),) for text in ("first?", "second?"))
    parted = replace(PAIR, prompts=asked, spans={"mask": ((Span(0, 1, 0.0),), ())}, roles=("chosen", "rejected"))
    turned = in_order_of(parted, [0.0, 3.0], threshold=0.9)
    assert turned is not None and turned.prompts == (asked[1], asked[0])
    assert turned.spans == {"mask": ((), (Span(0, 1, 0.0),))}
    assert turned.known_roles == ("chosen", "rejected"), "the order is the reward model's"


@pytest.mark.parametrize(("difference", "threshold"), [(math.log(9), 0.9), (0.0, 0.5), (50.0, 1.0)])
def test_a_pair_at_the_threshold_a_tie_and_everything_at_one_are_left_out(difference, threshold):
    assert in_order_of(PAIR, [difference, 0.0], threshold=threshold + 1e-12 * (threshold < 1)) is None


def test_a_round_trains_on_labelled_and_sure_pairs(tmp_path: Path):
    runs = tmp_path / "runs"
    sets = ["reward_model.pseudo_labels={split: train, threshold: 0.5}"]
    status = finish(["reward_model"], runs=runs, sets=sets)
    assert set(status.values()) == {"done"}, status
    folder = next((runs / "pseudo_labels").iterdir())
    examples = [json.loads(line) for line in (folder / "examples" / "reward.jsonl").read_text().splitlines()]
    pseudo = {e["id"].removeprefix("pseudo-"): e for e in examples if e["id"].startswith("pseudo-")}
    assert len(examples) - len(pseudo) == 96 and 40 <= len(pseudo) <= 48
    rows = next(p for p in (runs / "reward").iterdir() if p.name in (folder / "lock.yaml").read_text())
    rewards = pd.read_parquet(rows / "rows.parquet").pivot(index="example", columns="candidate", values="reward")
    data = next((runs / "data").iterdir()) / "train.jsonl"
    for line in data.read_text().splitlines():
        example = json.loads(line)
        if example["id"] in pseudo:
            best = example["candidates"][int(rewards.loc[example["id"]].idxmax())]
            assert pseudo[example["id"]]["candidates"][0] == best


def test_a_threshold_of_one_trains_the_plain_reward_model(tmp_path: Path):
    """Of no pseudo-label: the heads of the rounds are equal to the bit."""
    runs = tmp_path / "runs"
    sets = ["reward_model.pseudo_labels={split: train, threshold: 1.0}"]
    assert set(finish(["reward_model"], runs=runs, sets=sets).values()) == {"done"}
    heads = [path.read_bytes() for path in (runs / "reward_model").glob("*/model/reward_head.safetensors")]
    assert len(heads) == 2 and heads[0] == heads[1]


def test_an_objective_that_reads_labels_is_refused(tmp_path: Path):
    ended = bench(
        *("compare", "reward_model@bt_soft", "--setting", MICRO, "--seeds", 1, "--runs", tmp_path, "--dry-run"),
        *("--set", "reward_model.pseudo_labels={split: train}"),
    )
    assert ended.code == 2
    assert "reward_model.pseudo_labels: expected an objective of pairs that reads no labels" in ended.err
