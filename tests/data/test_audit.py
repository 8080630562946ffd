"""The report on a data set, counted by hand."""

from __future__ import annotations

import json
import math

from benchbench.core.example import Example, Message
from benchbench.core.source import Reading
from benchbench.data.audit import Lengths, audit


def example(name, prompt, *candidates, ratings=None):
    return Example(name, (Message("user", prompt),), candidates, ratings)


TRAIN = [
    example("a", "one", "x", "x ", ratings=(1.0, 1.0)),
    example("b", "one ", "long", "", ratings=(2.0, 1.0)),
    example("c", "two", "x", "y", "z", ratings=(1.0, 3.0, 3.0)),
    example("d", "three", " \n", "y", ratings=(math.nan, math.nan)),
    example("e", "four", "x", "y", ratings=(math.nan, 1.0)),
]
TEST = [example("f", "two", "x"), example("g", "five", "x"), example("h", "two", "y")]
READINGS = {"train": Reading(7, {"empty prompt": 2}, {"missing scores, NaN": 3}), "test": Reading(3)}
AUDIT = audit({"train": TRAIN, "test": TEST}, READINGS)


def test_counts_of_one_split():
    train = AUDIT.splits["train"]
    assert (train.rows, train.examples) == (7, 5)
    assert train.dropped == {"empty prompt": 2} and train.notes == {"missing scores, NaN": 3}
    assert train.candidates == {"2": 4, "3": 1}
    assert train.labels == {}
    assert train.tied_ratings == 2  # a, and c where two share the best
    assert train.identical_candidates == 1  # a
    assert train.empty_responses == 2  # one of b, one of d
    assert train.duplicate_prompts == 1  # b
    assert train.prompt_characters == Lengths(3.8, 5)  # 3 4 3 5 4
    assert train.response_characters == Lengths(1.36, 4)  # 1 2 4 0 1 1 1 2 1 1 1


def test_a_leak_between_splits_is_counted_on_both_sides():
    (overlap,) = AUDIT.overlaps
    assert overlap.splits == ("train", "test")
    assert (overlap.prompts, overlap.examples) == (1, (1, 2))


def test_no_ratings_are_no_ties():
    assert AUDIT.splits["test"].tied_ratings == 0
    assert AUDIT.splits["test"].duplicate_prompts == 1


def test_the_report_is_json():
    value = json.loads(json.dumps(AUDIT.as_json(), allow_nan=False))
    assert value["splits"]["train"]["candidates"] == {"2": 4, "3": 1}
    assert value["overlaps"][0]["prompts"] == 1
    assert value["splits"]["train"]["prompt_characters"] == [3.8, 5]


def test_nothing_has_no_length():
    assert Lengths.of([]) == Lengths(0.0, 0)
