"""Calls of a tool that a recipe cannot have are refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.test_search_rounds import BEAM
from tests.stages.test_search_rounds import section as searching
from tests.stages.test_tool_rounds import CALCULATOR_DATA, section

from .test_rounds import drawn, refusal, setting

__all__ = ["setting"]
WITHOUT = CALCULATOR_DATA.replace('"calculator": true', '"calculator": false')


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (
            [section()],
            "rounds.sampler.name: 'tool_calls' calls a tool; expected a data.source whose examples call a tool "
            "(arithmetic with data.options.calculator: true), got toy without; choose another sampler",
        ),
        ([WITHOUT, section()], "rounds.sampler.name: 'tool_calls' calls a tool; expected a data.source whose examples"),
        ([WITHOUT, "generate.tool_calls=2"], "generate.tool_calls: expected a data.source whose examples call a tool"),
        ([CALCULATOR_DATA, "generate.tool_calls=-1"], "generate.tool_calls"),
        ([CALCULATOR_DATA, section("{calls: 0}")], "calls: expected 1 or more, got 0"),
        (
            [CALCULATOR_DATA, searching(BEAM.replace("GROUPS", ""))],
            "rounds.sampler.name: 'step_beam' searches over steps, in which nobody answers calls; expected "
            "data.options.calculator: false, or a sampler such as tool_calls",
        ),
        (
            [CALCULATOR_DATA, section("{calls: 6}"), "reward_model=null"],
            "rounds.sampler.options.calls: expected less than 128 tokens, which the model reads at once, prompt "
            "included; 6 calls and 7 turns of at most 12 tokens with what the tool writes are 138; lower it",
        ),
        (
            [CALCULATOR_DATA, section(), "generate.tool_calls=20", "reward_model=null"],
            "generate.tool_calls: expected less than 128 tokens",
        ),
    ],
)
def test_what_calls_of_a_tool_cannot_have_is_refused(setting: Path, sets: list[str], said: str):
    assert said in refusal(setting, *sets)


def test_a_method_for_plain_samples_is_not_trained_on_what_a_tool_wrote(setting: Path):
    text = refusal(setting, CALCULATOR_DATA, section("{mask_observations: false}"), target="nash_md")
    assert "mask_observations: expected true: 'nash_md' is right for its policy's samples alone, got false" in text


def test_no_tool_is_called_while_a_policy_is_trained(setting: Path):
    online = "online={sampler: {name: tool_calls, num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, "
    online += "repetition_penalty: 1.0, max_new_tokens: 6}, oracle: {name: verifier}, selector: {name: best_worst}}"
    said = "online.sampler.name: 'tool_calls' calls a tool, which is offered in rounds alone"
    assert said in refusal(setting, CALCULATOR_DATA, online)


def test_faults_of_a_tool_come_with_all_others(setting: Path):
    text = refusal(setting, section(), "preference.split=sft", "generate.tool_calls=1")
    assert "3 problems" in text and drawn()
