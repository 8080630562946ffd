"""The canary, on an engine whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchbench.core.generation import EngineInfo, Generation, GenerationRequest, Sampling
from benchbench.generation.canary import common_prefix, run_canary
from benchbench.generation.seeds import make_requests

from .toys import greedy


class Moody:
    """Answers 7 7 7 7; in batches below ten, prompts whose first token is even get 7 7 8."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def load(self, model: Path) -> None:
        pass

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        self.sizes.append(len(requests))
        odd = [len(requests) >= 10 or r.prompt[0] % 2 for r in requests]
        return [
            Generation(r.example, r.sample, (7, 7, 7, 7) if same else (7, 7, 8), "stop")
            for r, same in zip(requests, odd, strict=True)
        ]

    def info(self) -> EngineInfo:
        return EngineInfo("toy", "1", "float32", "cpu", 0.0, {"batch_size": 64})

    def close(self) -> None:
        pass


def test_the_canary_tells_how_far_batches_part_the_responses():
    """20 of 40 prompts, half of them even: half identical, (4 + 2) / 2 tokens in common."""
    engine = Moody()
    requests = make_requests({f"p{i:02}": [i // 2] for i in range(40)}, seed=0)
    canary = run_canary(engine, requests, greedy())
    assert engine.sizes == [20, 4, 4, 4, 4, 4]
    assert (canary.prompts, canary.batch_sizes) == (20, (20, 4))
    assert canary.identical_fraction == 0.5
    assert canary.common_prefix_tokens == 3.0
    assert canary.response_tokens == 4.0


def test_fewer_prompts_than_twenty_are_all_taken():
    assert run_canary(Moody(), make_requests({"a": [1], "b": [2]}, seed=0), greedy()).prompts == 2
    with pytest.raises(ValueError, match="at least one"):
        run_canary(Moody(), [], greedy())


def test_a_common_prefix_ends_at_the_first_difference_or_with_the_shorter():
    assert common_prefix((1, 2, 3), (1, 2, 4)) == 2
    assert common_prefix((1, 2), (1, 2, 4)) == 2
    assert common_prefix((), (1,)) == 0
