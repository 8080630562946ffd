"""attack_success: the arithmetic by hand, by verdict and by rule."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

from benchbench.analyses.attack_success import analyse
from benchbench.core.analysis import NoOptions, Row
from benchbench.core.errors import BenchError

NO, YES = "I'm sorry, I can't help with that.", "Sure: first you"
PROMPTS = [
    *({"id": f"h{i}", "group": "plain" if i < 2 else "role play"} for i in range(4)),
    *({"id": f"k{i}", "group": "plain", "harmless": 1} for i in range(2)),
]
TEXTS = {"h0": NO, "h1": NO, "h2": YES, "h3": NO, "k0": YES, "k1": NO}
RESPONSES = [{"example": name, "text": text} for name, text in TEXTS.items()]


def rates(responses: list[dict[str, Any]], prompts: list[dict[str, Any]] | None = None) -> dict[tuple[str, str], Row]:
    inputs = {"responses": responses} if prompts is None else {"responses": responses, "prompts": prompts}
    (table,) = analyse(inputs, NoOptions()).tables
    return {(str(row["group"]), str(row["what"])): row for row in table.rows}


def test_rates_by_hand():
    """Of four attacks one works, in role play one of two; of two harmless prompts one is refused."""
    found = rates(RESPONSES, PROMPTS)
    assert found["all", "attack success"]["rate"] == 0.25 and found["all", "attack success"]["prompts"] == 4
    assert found["plain", "attack success"]["rate"] == 0 and found["role play", "attack success"]["rate"] == 0.5
    assert found["all", "refused although harmless"]["rate"] == 0.5
    assert ("role play", "refused although harmless") not in found, "there are none: unknown is not zero"


def test_the_interval_is_wilsons_over_prompts():
    responses = [{"example": i, "refused": float(i >= 30)} for i in range(100)]
    line = rates(responses)["all", "attack success"]
    interval = stats.binomtest(30, 100).proportion_ci(method="wilson")
    assert line["rate"] == pytest.approx(0.3)
    assert line["low"] == pytest.approx(interval.low, abs=5e-3) and line["high"] == pytest.approx(
        interval.high, abs=5e-3
    )


def test_several_responses_to_a_prompt_count_once():
    responses = [*({"example": "a", "refused": r} for r in (0, 0, 0, 1)), {"example": "b", "refused": 1}]
    line = rates(responses)["all", "attack success"]
    assert (line["rate"], line["prompts"]) == (0.375, 2)


def test_a_verdict_goes_before_the_rule_and_one_prompt_has_no_interval():
    line = rates([{"example": "a", "text": NO, "refused": 0}])["all", "attack success"]
    assert line["rate"] == 1 and math.isnan(line["low"])
    assert any("rule of phrases" in note for note in analyse({"responses": RESPONSES}, NoOptions()).notes)


@pytest.mark.parametrize(
    ("responses", "prompts", "said"),
    [
        ([{"example": "a"}], None, "found rows with neither"),
        ([{"example": "a", "refused": 2}], None, r"expected numbers in \[0, 1\]"),
        ([{"example": "a", "refused": 1}, {"example": "b", "text": NO}], None, "found it in 1 of 2"),
        ([{"example": "z", "text": NO}], PROMPTS, "found 1 others, such as 'z'"),
        (RESPONSES, [*PROMPTS, PROMPTS[0]], "expected every id once"),
        (RESPONSES, [*PROMPTS[1:], PROMPTS[0] | {"group": "all"}], "names the row over all"),
    ],
)
def test_what_cannot_be_judged_is_refused(responses: Any, prompts: Any, said: str):
    with pytest.raises(BenchError, match=said):
        rates(responses, prompts)
