"""The degeneration guard: one rule for what left the range of the policy that all methods start from."""

from __future__ import annotations

import math

import pytest

from benchbench.comparison.degeneration import CHOSEN, RULES, guard, is_ahead

START = {
    CHOSEN: [-0.40, -0.44],
    "entropy_per_token": [0.40, 0.50],
    "repetition": [0.01, 0.02],
    "distinct_2": [0.40, 0.42],
    "response_tokens": [10.0, 12.0],
    "truncated": [0.04, 0.05],
    "control_token": [0.0, 0.0],
    "empty": [0.0, 0.0],
}
FINE = START | {"kl_k1_per_token": [0.1, 0.1]}


def left(changes: dict[str, list[float]]) -> tuple[str, ...]:
    """What left the range of a row that is as the start but for these."""
    return guard({"sft": START, "dpo": FINE | changes}, "sft")["dpo"].aspects


@pytest.mark.parametrize(
    ("changes", "aspects"),
    [
        ({}, ()),
        ({CHOSEN: [-0.54, -0.55]}, ()),  # down to 1.25 * -0.44 = -0.55
        ({CHOSEN: [-0.56, -0.56]}, ("chosen log-probability",)),
        ({CHOSEN: [-0.1, -0.1]}, ()),
        ({"kl_k1_per_token": [0.25, 0.25]}, ()),  # up to half of the highest entropy, 0.50
        ({"kl_k1_per_token": [0.26, 0.26]}, ("KL",)),
        ({"entropy_per_token": [0.20, 0.20]}, ()),
        ({"entropy_per_token": [0.19, 0.20]}, ("entropy",)),
        ({"entropy_per_token": [1.01, 1.01]}, ("entropy",)),
        ({"repetition": [0.12, 0.12]}, ()),
        ({"repetition": [0.13, 0.12]}, ("repeated 4-grams",)),
        ({"distinct_2": [0.19, 0.20]}, ("different bigrams",)),
        ({"response_tokens": [4.0, 5.0]}, ("length",)),
        ({"response_tokens": [25.0, 24.0]}, ("length",)),
        ({"truncated": [0.15, 0.16]}, ("cut at the token limit",)),
        ({"control_token": [0.11, 0.11]}, ("ended by a control token",)),
        ({"empty": [0.03, 0.03]}, ("empty",)),
        ({"empty": [0.0, 0.05], "truncated": [0.2, 0.2]}, ("cut at the token limit", "empty")),
    ],
)
def test_a_row_is_measured_by_the_seeds_of_the_start(changes: dict[str, list[float]], aspects: tuple[str, ...]):
    assert left(changes) == aspects


def test_a_departure_says_how_far_and_in_how_many_seeds():
    """Lengths of 5 to 24 tokens are allowed: half of the shortest and twice the longest seed of the start."""
    (departure,) = guard({"sft": START, "dpo": FINE | {"response_tokens": [20.0, 31.0]}}, "sft")["dpo"].departures
    assert departure.text == "length 25.5 tokens (5 to 24; 1 of 2 seeds outside)"
    (departure,) = guard({"sft": START, "dpo": FINE | {"truncated": [0.2, 0.3]}}, "sft")["dpo"].departures
    assert departure.text == "cut at the token limit 25.0% (up to 15.0%; 2 of 2 seeds outside)"


def test_a_value_beside_the_end_of_the_range_is_shown_apart_from_it():
    """Down to -0.55 is allowed, and -0.5502 would be rounded to that."""
    (departure,) = guard({"sft": START, "dpo": FINE | {CHOSEN: [-0.5502, -0.5502]}}, "sft")["dpo"].departures
    assert departure.text == "chosen log-probability -0.5502 nats per token (from -0.55; 2 of 2 seeds outside)"
    (departure,) = guard({"sft": START, "dpo": FINE | {"truncated": [0.1502, 0.1502]}}, "sft")["dpo"].departures
    assert departure.text == "cut at the token limit 15.02% (up to 15.00%; 2 of 2 seeds outside)"


def test_what_was_not_measured_is_neither_fine_nor_a_departure():
    pairs_alone = {CHOSEN: [-0.42, -0.43]}
    guarded = guard({"sft": pairs_alone, "dpo": pairs_alone}, "sft")["dpo"]
    assert guarded.departures == ()
    assert set(guarded.unmeasured) == {rule.aspect for rule in RULES} - {"chosen log-probability"}
    filtered = guard({"sft": START, "dpo": FINE | {"kl_k1_per_token": [math.nan, math.nan]}}, "sft")["dpo"]
    assert filtered.unmeasured == ("KL",) and filtered.departures == ()
    one_seed = guard({"sft": START, "dpo": FINE | {"empty": [0.0, math.nan]}}, "sft")["dpo"]
    assert one_seed.unmeasured == ("empty",)
    of_start = guard({"sft": START | {"empty": [math.nan, 0.0]}, "dpo": FINE}, "sft")["dpo"]
    assert of_start.unmeasured == ("empty",)


def test_without_a_start_nothing_is_said():
    assert guard({"dpo": FINE}, "sft") == {} and guard({"dpo": FINE}, "") == {}


@pytest.mark.parametrize(
    ("values", "direction", "ahead"),
    [((0.8, 0.7), "higher", True), ((0.7, 0.7), "higher", False), ((0.6,), "lower", True), ((0.9,), "none", False),
     ((), "higher", False), ((math.nan,), "higher", False)],
)  # fmt: skip
def test_a_row_is_ahead_by_its_mean_in_a_metric_with_a_better_side(values, direction, ahead):
    assert is_ahead(values, (0.7, 0.7), direction) is ahead
