"""Search over steps that a recipe cannot have, and readers of a search where there is none, are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.test_search_rounds import BEAM, DATA, section

from .test_rounds import drawn, refusal, setting

__all__ = ["setting"]
SEARCH = section(BEAM.replace("GROUPS", ""))


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (
            [SEARCH],
            "rounds.sampler.name: 'step_beam' searches over steps, which data.source has to value; expected one of "
            "arithmetic, got toy",
        ),
        (
            [drawn(selector="{name: path_siblings}")],
            "rounds.sampler.name: selector 'path_siblings' reads the path of a search; expected one of mcts, step_beam",
        ),
        ([drawn(oracle="{name: search}")], "oracle 'search' says what a search found; expected one of mcts, step_beam"),
        (
            [DATA, SEARCH.replace("{name: search}", "{name: verifier}")],
            "rounds.oracle.name: 'step_beam' searches over steps and values them itself; expected search, got verifier",
        ),
        (
            [DATA, section(BEAM.replace("GROUPS", ""), "{name: golden_vs_self}")],
            "'golden_vs_self' reads the split's own candidates, which are whole responses; expected one without them",
        ),
        ([DATA, section(BEAM.replace("GROUPS", ", keap: 3"))], "keap: unknown key"),
        ([DATA, section(BEAM.replace("keep: 2", "keep: 0").replace("GROUPS", ""))], "keep: expected 1 or more, got 0"),
        (
            [DATA, section(BEAM.replace("depth: 4", "depth: 13").replace("GROUPS", "")), "reward_model=null"],
            "expected less than 128 tokens, which the model reads at once, prompt included; got 13 steps of at most 9",
        ),
    ],
)
def test_what_a_search_cannot_have_is_refused(setting: Path, sets: list[str], said: str):
    assert said in refusal(setting, *sets)


def test_a_method_for_plain_samples_takes_no_search(setting: Path):
    text = refusal(setting, DATA, SEARCH, target="nash_md")
    assert "'nash_md' is right for plain samples alone, and 'step_beam' searches over steps" in text


def test_faults_of_a_search_come_with_all_others(setting: Path):
    text = refusal(setting, SEARCH.replace("{name: search}", "{name: gold}"), "preference.split=sft")
    assert "4 problems" in text


def test_nothing_is_searched_while_a_policy_is_trained(setting: Path):
    online = "online={sampler: {name: step_beam, num_samples: 2, temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, "
    online += "repetition_penalty: 1.0, max_new_tokens: 6}, oracle: {name: gold}, selector: {name: best_worst}}"
    said = "online.sampler.name: 'step_beam' searches over steps, which is offered in rounds alone"
    assert said in refusal(setting, online)
