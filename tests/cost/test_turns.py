"""Turns of a response that may call a tool: tokens that are drawn, that are read before each turn, and that it has."""

from __future__ import annotations

from typing import Any

import pytest

from benchbench import samplers
from benchbench.core.identity import identity
from benchbench.cost.turns import Turns, turns_of
from benchbench.sources.arithmetic.calculator import CALCULATOR
from benchbench.stages.generate.settings import GenerateSettings
from benchbench.stages.rollout.settings import DrawSettings, RolloutSettings, SamplerSettings
from benchbench.stages.settings import ToolSettings

TOOL = ToolSettings(source="arithmetic", version=CALCULATOR.version)


def rollout(calls: int, tool: ToolSettings | None = TOOL) -> RolloutSettings:
    options = samplers.get("tool_calls").options(calls=calls)
    sampler = SamplerSettings.model_construct(name="tool_calls", options=identity(options))
    return RolloutSettings.model_construct(
        sampler=sampler, draw=DrawSettings.model_construct(max_new_tokens=10), tool=tool
    )


def test_a_response_without_a_tool_is_one_turn():
    turns = turns_of(rollout(2, tool=None))
    assert turns == Turns(1, 10, 10)
    assert turns.drawn == 10 and turns.starts(6) == [6] and turns.length(6) == 11
    work = turns.prefill(6, responses=4)
    assert (work.tokens, work.scored, work.context) == (24, 4, 3)


def test_turns_are_counted_as_if_every_call_were_made():
    """Two calls: 3 turns of 10 tokens, and twice the end of a call and 8 tokens of the calculator, 48 in all.

    Before the turns stand 6, 6 + 19 and 6 + 38 tokens, 75 together, of which a token reads
    (36 + 625 + 1936) / 2 / 75 on average.
    """
    turns = turns_of(rollout(2))
    assert turns == Turns(3, 10, 48)
    assert turns.drawn == 30 and turns.starts(6) == [6, 25, 44] and turns.length(6) == 30
    work = turns.prefill(6, responses=4)
    assert (work.tokens, work.scored) == (300, 12)
    assert work.context == pytest.approx(2597 / 150)


def test_the_turns_of_a_generate_stage_are_the_sections():
    section: Any = type("Section", (), {"max_new_tokens": 10, "tool_calls": 2})()
    assert turns_of(GenerateSettings.model_construct(generate=section, tool=TOOL)) == Turns(3, 10, 48)


def test_no_prompt_and_no_draws():
    assert Turns(1, 10, 10).prefill(0, responses=4).context == 0
    assert turns_of(RolloutSettings.model_construct(draw=None, tool=None)) is None
