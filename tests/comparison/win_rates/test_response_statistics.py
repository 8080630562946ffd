"""What a policy's own responses are like."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchbench.comparison.win_rates.response_statistics import distinct, repeated, sample_statistics


def frame(**columns) -> pd.DataFrame:
    rows = {
        "example": ["a", "a", "b"],
        "sample": [0, 1, 0],
        "text": ["one two", "Sorry, I cannot", ""],
        "tokens": [[1, 2], [1, 2, 3], []],
        "finish": ["stop", "length", "stop"],
    }
    return pd.DataFrame(rows | columns)


def values(given: pd.DataFrame, *, plain: bool = True) -> dict[str, float]:
    return {one.name: one.value for one in sample_statistics(given, plain=plain)}


def test_counts_by_hand():
    found = values(frame())
    assert found["response_tokens"] == pytest.approx(5 / 3)
    assert found["response_characters"] == pytest.approx((7 + 15) / 3)
    assert (found["truncated"], found["ended"]) == pytest.approx((1 / 3, 2 / 3))
    assert (found["empty"], found["refusals"], found["complied"]) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


@pytest.mark.parametrize(
    ("text", "is_refusal"),
    [
        ("I'm sorry, but", True),
        ("I can’t help", True),
        ("As an AI model", True),
        ("I can help", False),
        ("A sorry", False),
    ],
)
def test_a_refusal_is_recognised_by_its_first_words(text, is_refusal):
    assert values(frame(text=[text] * 3))["refusals"] == float(is_refusal)


def test_repetition_is_the_share_of_n_grams_seen_before():
    assert repeated([1, 2, 3]) == 0.0
    assert repeated([1, 2, 1, 2, 1, 2], n=2) == pytest.approx(3 / 5)
    assert repeated([7] * 10) == pytest.approx(6 / 7)


def test_distinct_n_by_hand():
    assert distinct(["a b a b", "a b"], 1) == pytest.approx(2 / 6)
    assert distinct(["a b a b", "a b"], 2) == pytest.approx(2 / 4)
    assert math.isnan(distinct(["", "one"], 2))


def test_kl_of_samples_agrees_with_the_exact_kl():
    """Three outcomes under p and q: both estimators come to sum p log(p / q), k3 with less noise."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.5, 0.3])
    drawn = np.random.default_rng(0).choice(3, 40_000, p=p)
    given = pd.DataFrame(
        {
            "example": [str(i) for i in range(len(drawn))],
            "sample": 0,
            "text": "x",
            "tokens": [[1]] * len(drawn),
            "finish": "stop",
            "logp_sum": np.log(p)[drawn],
            "ref_logp_sum": np.log(q)[drawn],
        }
    )
    exact = float((p * np.log(p / q)).sum())
    found = {one.name: one for one in sample_statistics(given, plain=True)}
    for name in ("kl_k1", "kl_k3"):
        assert found[name].value == pytest.approx(exact, abs=4 * found[name].se)
    assert found["kl_k3"].se < found["kl_k1"].se
    # one token and the end token that is scored with it; a response that was cut has no end
    assert found["kl_k1_per_token"].value == pytest.approx(found["kl_k1"].value / 2)
    cut = {one.name: one for one in sample_statistics(given.assign(finish="length"), plain=True)}
    assert cut["kl_k1_per_token"].value == pytest.approx(cut["kl_k1"].value)


def test_entropy_is_the_surprise_of_samples_per_token():
    """One token and its end each: (1 + 2 + 3) / 3 nats over two tokens; one more token where a response was cut."""
    given = frame(tokens=[[1]] * 3, finish="stop", logp_sum=[-1.0, -2.0, -3.0])
    assert values(given)["entropy_per_token"] == pytest.approx(1.0)
    assert values(given.assign(finish="length"))["entropy_per_token"] == pytest.approx(2.0)
    assert "entropy_per_token" not in values(given, plain=False)


def test_filtered_samples_have_no_kl():
    given = frame(logp_sum=[-1.0, -2.0, -3.0], ref_logp_sum=[-1.5, -2.5, -3.5])
    (kl,) = [one for one in sample_statistics(given, plain=False) if one.name.startswith("kl")]
    assert math.isnan(kl.value) and "temperature 1" in kl.note


def test_prompts_are_the_clusters():
    """Two equal responses to a prompt are no second observation."""
    once = pd.DataFrame(
        {"example": list("abc"), "sample": 0, "text": ["x", "xx", "xxx"], "tokens": [[1]] * 3, "finish": "stop"}
    )
    twice = pd.concat([once, once.assign(sample=1)], ignore_index=True)
    se = {
        len(f): {s.name: s.se for s in sample_statistics(f, plain=True)}["response_characters"] for f in (once, twice)
    }
    assert se[3] == pytest.approx(se[6])


def test_responses_that_were_cut_at_a_control_token_are_counted_apart():
    found = values(frame(finish=["stop", "control_token", "no_token"]))
    assert (found["control_token"], found["no_token"], found["ended"], found["truncated"]) == pytest.approx(
        (1 / 3, 1 / 3, 1 / 3, 0)
    )


def test_how_many_were_cut_is_unknown_where_nobody_looked():
    found = {one.name: one for one in sample_statistics(frame(), plain=True, cut=False)}
    assert math.isnan(found["control_token"].value) and found["control_token"].note
    assert math.isnan(found["no_token"].value) and found["truncated"].value == pytest.approx(1 / 3)


def test_the_token_that_a_response_was_cut_at_is_scored_with_it():
    """It is in both sums, as a stop is: one token and its end."""
    given = frame(tokens=[[1]] * 3, finish="control_token", logp_sum=[-2.0] * 3, ref_logp_sum=[-4.0] * 3)
    assert values(given)["kl_k1_per_token"] == pytest.approx(1.0)
