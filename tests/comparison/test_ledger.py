"""The ledger: what is equal, what is marked, what is refused, and what is not known."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.comparison.ledger import (
    LedgerRow,
    OracleAnswers,
    labels_in_words,
    planned_apart,
    tokens_apart,
    unmatched,
)


def row(label: str = "dpo", seed: int = 1, **changes: Any) -> LedgerRow:
    """An offline row: 3,000 labelled pairs, 188 updates of 16."""
    values: dict[str, Any] = {
        "source": "split",
        "split": "train",
        "prompts": 3000.0,
        "responses": 0.0,
        "generated_tokens": 0.0,
        "labels_human": 3000.0,
        "labels_oracle": {},
        "steps": 188.0,
        "batch": 16.0,
        "train_tokens": 5e5,
        "seconds": {"draw": 0.0, "label": 0.0, "train": 20.0},
        "kl": 1.0,
    }
    return LedgerRow(label=label, seed=seed, **(values | changes))


def drawing(**changes: Any) -> LedgerRow:
    """A row that drew 12,000 responses, all scored."""
    values = {
        "source": "rounds",
        "responses": 12000.0,
        "generated_tokens": 128412.0,
        "labels_human": 0.0,
        "labels_oracle": {"gold": OracleAnswers("scores", 12000.0)},
        "steps": 189.0,
    }
    return row("dpo@iterative", **(values | changes))


def test_labels_of_another_kind_are_named_on_both_sides():
    assert unmatched([drawing()], [row()], "labels") == "not matched: labels 12,000 scored v 3,000 pairs"
    assert unmatched([row()], [row()], "labels") == ""


def test_a_label_of_a_person_is_one_wherever_it_was_asked_for():
    """An annotator who was asked of 3,000 drawn pairs costs what the split's 3,000 labelled pairs do."""
    asked = drawing(labels_human=3000.0, labels_oracle={}, responses=6000.0)
    assert unmatched([asked], [row()], "labels") == ""
    assert unmatched([asked], [row()], "responses") == "not matched: responses 6,000 v 0"


def test_answers_of_two_oracles_are_not_the_same_labels():
    other = drawing(labels_oracle={"reward_stage": OracleAnswers("scores", 12000.0)})
    assert unmatched([other], [drawing()], "labels") == "not matched: labels 12,000 scored v 12,000 scored"
    assert labels_in_words([other], named=True) == "12,000 scored by reward_stage"
    mixed = drawing(labels_human=500.0, labels_oracle={"votes": OracleAnswers("wins", 20.0)})
    assert labels_in_words([mixed]) == "500 pairs and 20 compared"
    assert labels_in_words([row(labels_human=0.0)]) == "none"


def test_updates_are_steps_times_examples_of_a_step():
    assert unmatched([row(steps=94.0, batch=32.0)], [row()], "updates") == ""
    assert unmatched([drawing()], [row()], "updates") == "not matched: updates 3,024 v 3,008"


@pytest.mark.parametrize("quantity", ["labels", "responses", "updates"])
def test_what_is_not_known_equals_nothing_not_even_itself(quantity):
    unknown = row(labels_human=math.nan, responses=math.nan, steps=math.nan)
    assert "not known v not known" in unmatched([unknown], [unknown], quantity)
    asked = drawing(labels_oracle={"gold": OracleAnswers("scores", math.nan)})
    assert quantity != "labels" or unmatched([asked], [asked], quantity)


def test_seeds_are_compared_one_by_one():
    there, back = [row(responses=1.0), row(responses=3.0)], [row(responses=3.0), row(responses=1.0)]
    assert unmatched(there, back, "responses") == "not matched: responses 2 v 2"


def test_tokens_are_marked_beyond_a_tenth_and_only_among_rows_that_draw():
    assert tokens_apart([drawing(generated_tokens=101445.0)], [drawing()]) == "tokens 0.79 x"
    assert tokens_apart([drawing(generated_tokens=120000.0)], [drawing()]) == ""
    assert tokens_apart([row()], [drawing()]) == tokens_apart([drawing()], [row()]) == ""
    assert tokens_apart([drawing(generated_tokens=math.nan)], [drawing()]) == "tokens not known"


def test_planned_prompts_and_updates_may_differ_by_a_last_batch_and_no_more():
    assert planned_apart([drawing()], [row()]) == []
    assert planned_apart([drawing(prompts=1000.0)], [row()]) == []
    assert planned_apart([drawing(prompts=4000.0)], [row()]) == ["4,000 prompts, not 3,000 at most"]
    assert planned_apart([drawing(steps=94.0, split="sft")], [row()]) == [
        "prompts of split sft, not train",
        "94 updates of 16 examples, not 188 updates of 16 examples",
    ]
    assert planned_apart([drawing(prompts=math.nan, steps=math.nan)], [row()]) == []


def test_a_record_has_no_number_that_json_does_not_know():
    values = drawing(kl=math.nan, notes=("no answers were drawn",)).as_values()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["kl"] is None and values["updates"] == 3024
    assert values["labels_oracle"] == {"gold": {"gives": "scores", "number": 12000.0}}


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_of_two_rows_that_drew_both_are_marked_or_neither_but_near_the_limit(first, second):
    there = tokens_apart([drawing(generated_tokens=first)], [drawing(generated_tokens=second)])
    back = tokens_apart([drawing(generated_tokens=second)], [drawing(generated_tokens=first)])
    ratio = max(first, second) / min(first, second)
    assert ratio > 1.12 or ratio > 1.09 or (there == back == "")
    assert ratio < 1.12 or (there and back)
