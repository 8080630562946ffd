"""history."""

from __future__ import annotations

import pytest

from benchbench.core.sampler import Arm

from .toys import arms


def test_half_are_of_the_latest_rounds_policies():
    assert arms("history", 4, last=2) == (
        Arm("policy", 2, {"policy": 1.0}),
        Arm("history", 2, {"history": 1.0}, last=2),
    )


def test_no_round_is_refused():
    with pytest.raises(ValueError, match="last: expected 1 or more, got 0"):
        arms("history", 4, last=0)
