"""Rows that are drawn in training are never cut, so prompts that leave no room for a response are refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.stages.preference.online import _check_lengths
from benchbench.stages.preference.prompts import PolicyPrompt


def stage(max_length: int) -> Any:
    """A stage whose rows may be so long."""
    return SimpleNamespace(
        spec=SimpleNamespace(title="rloo seed 1"), tokenization=lambda: SimpleNamespace(max_length=max_length)
    )


def prompts(*lengths: int) -> list[PolicyPrompt]:
    return [PolicyPrompt(f"p{n}", tuple(range(n)), (), {}) for n in lengths]


def test_prompts_that_leave_room_pass():
    _check_lengths(stage(20), 10, prompts(3, 10))


def test_a_prompt_that_leaves_no_room_is_named_with_what_to_do():
    with pytest.raises(BenchError) as caught:
        _check_lengths(stage(20), 10, prompts(3, 11, 12))
    said = str(caught.value)
    assert "rloo seed 1: expected prompts of at most 10 tokens" in said
    assert "found 2 longer ones, such as example p12 of 12" in said
    assert "tokenization.max_prompt_length" in said
