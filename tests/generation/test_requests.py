"""What an engine refuses before it starts, and the order it works in."""

from __future__ import annotations

import math
import random

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.generation import GenerationRequest, Sampling
from benchbench.generation.requests import canonical_order, check_requests, chunks

from .toys import greedy


def request(example: str, length: int, *, sample: int = 0, token: int = 5) -> GenerationRequest:
    return GenerationRequest(example, sample, (token,) * length, 0)


def test_a_prompt_without_room_is_refused_and_named():
    with pytest.raises(BenchError) as caught:
        check_requests([request("a", 104), request("b", 105)], greedy(24), limit=128, vocab=10)
    text = str(caught.value)
    assert "example b: a prompt of 105 tokens leaves no room for max_new_tokens 24" in text
    assert "context of 128; lower max_new_tokens to 23 or leave the example out" in text
    assert "example a" not in text


def test_many_faults_come_together_and_each_prompt_once():
    both = [request(f"e{i}", 120, sample=s) for i in range(9) for s in range(3)]
    with pytest.raises(BenchError) as caught:
        check_requests(both, greedy(24), limit=128, vocab=10)
    assert str(caught.value).count("example e") == 5
    assert "and 4 more" in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "stop", "word"),
    [
        (request("x", 0), (1,), "no tokens"),
        (request("x", 3, token=10), (1,), "vocabulary of 10"),
        (request("x", 3, token=-1), (1,), "vocabulary of 10"),
        (request("x", 3), (10,), "stop_token_ids"),
    ],
)
def test_what_belongs_to_no_model_is_refused(bad: GenerationRequest, stop: tuple[int, ...], word: str):
    with pytest.raises(BenchError, match=word):
        check_requests([bad], greedy(4, stop=stop), limit=None, vocab=10)


def test_a_model_without_a_limit_takes_any_length():
    check_requests([request("a", 10_000)], greedy(4), limit=None, vocab=10)


def test_the_order_of_asking_does_not_reach_the_order_of_work():
    requests = [request(f"e{i}", 1 + i % 7, sample=s) for i in range(20) for s in range(2)]
    shuffled = random.Random(1).sample(requests, len(requests))
    ordered, other = ([some[i] for i in canonical_order(some)] for some in (requests, shuffled))
    assert ordered == other
    assert [len(r.prompt) for r in ordered] == sorted((len(r.prompt) for r in ordered), reverse=True)
    parts = chunks(shuffled, 16)
    assert [len(part) for part in parts] == [16, 16, 8]
    assert [r for part in parts for r in part] == ordered


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": math.nan},
        {"temperature": math.inf},
        {"temperature": -1.0},
        {"repetition_penalty": math.inf},
        {"top_p": 0.0},
        {"min_p": 1.0},
        {"top_k": -1},
        {"max_new_tokens": 0},
        {"stop_token_ids": ()},
        {"temperature": 0.0, "top_k": 5},
    ],
)
def test_sampling_that_means_nothing_is_refused(values: dict[str, object]):
    whole = {"max_new_tokens": 4, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
    rest = {"repetition_penalty": 1.0, "stop_token_ids": (1,)}
    with pytest.raises(ValueError, match=next(iter(values)) if len(values) == 1 else "top_k"):
        Sampling(**{**whole, **rest, **values})
