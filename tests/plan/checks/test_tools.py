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


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (WITHOUT, "", "online.sampler.name: 'tool_calls' calls a tool; expected a data.source whose examples call a"),
        (
            CALCULATOR_DATA,
            "mask_observations: false",
            "online.sampler.options.mask_observations: expected true: what a",
        ),
        (CALCULATOR_DATA, "calls: 20", "online.sampler.options.calls: expected less than 128 tokens, which the model"),
        (
            CALCULATOR_DATA,
            "calls: 7",
            "fit in tokenization.max_length; got 111 with all turns and what the tool writes",
        ),
    ],
)
def test_what_calls_while_a_policy_is_trained_cannot_have_is_refused(setting: Path, data: str, options: str, said: str):
    online = f"online={{sampler: {{name: tool_calls, options: {{{options}}}, num_samples: 2, temperature: 1.0, "
    online += "top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0, max_new_tokens: 6}, "
    online += "oracle: {name: verifier}, selector: {name: best_worst}}"
    assert said in refusal(setting, data, online, "tokenization.max_length=100", "reward_model=null")


def test_faults_of_a_tool_come_with_all_others(setting: Path):
    text = refusal(setting, section(), "preference.split=sft", "generate.tool_calls=1")
    assert "3 problems" in text and drawn()
