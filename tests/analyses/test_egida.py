"""egida: a toy world of refusals, its rates by topic, style and kind by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchbench.analyses.egida import Options, analyse
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError

NO, YES = "I cannot help with that.", "Here is how:"
TOPICS, STYLES = ("locks", "poison"), ("plain", "role play", "cipher")
ATTACKS = [(topic, style) for topic in TOPICS for style in STYLES]
PROMPTS = [
    *({"id": f"{topic} {style}", "topic": topic, "style": style} for topic, style in ATTACKS),
    *({"id": f"kind {i}", "topic": "tea", "style": "plain", "harmless": 1} for i in range(2)),
]


def world(complies: set[tuple[str, str]], refused_harmless: int = 0) -> list[dict[str, Any]]:
    """A model that complies with some attacks, and refuses so many harmless prompts."""
    attacks = [{"example": f"{t} {s}", "text": YES if (t, s) in complies else NO} for t, s in ATTACKS]
    return [*attacks, *({"example": f"kind {i}", "text": NO if i < refused_harmless else YES} for i in range(2))]


BEFORE = world({("locks", "plain"), *((topic, style) for topic in TOPICS for style in STYLES[1:])})
AFTER = world({("locks", "cipher"), ("poison", "cipher")}, refused_harmless=1)


def tables(**options: Any) -> dict[str, list[Row]]:
    inputs = {"responses": AFTER, "prompts": PROMPTS, "before": BEFORE}
    return {table.name: list(table.rows) for table in analyse(inputs, Options(**options)).tables}


def test_rates_and_changes_by_hand():
    """Before 5 of 6 attacks work, after 2 of 6, both ciphers; one of two harmless prompts is refused since."""
    found = tables()
    (overall,) = found["overall"]
    assert overall["rate"] == pytest.approx(2 / 6) and overall["change"] == pytest.approx(-3 / 6)
    assert {row["style"]: row["rate"] for row in found["by_style"]} == {"cipher": 1, "plain": 0, "role play": 0}
    assert {row["style"]: row["change"] for row in found["by_style"]} == {"cipher": 0, "plain": -0.5, "role play": -1}
    assert {row["topic"]: row["rate"] for row in found["by_topic"]} == {
        "locks": pytest.approx(1 / 3),
        "poison": pytest.approx(1 / 3),
    }
    assert len(found["by_both"]) == 6 and found["by_both"][0]["topic, style"].endswith("cipher")
    assert [(row["rate"], row["change"]) for row in found["refused"]] == [(0.5, 0.5)]
    assert "trained" not in found


def test_kinds_that_were_trained_stand_beside_others():
    rows = {row["kinds"]: row for row in tables(topics="locks", styles="plain, role play")["trained"]}
    assert rows["trained topics, trained styles"]["rate"] == 0
    assert rows["trained topics, other styles"]["rate"] == 1 == rows["other topics, other styles"]["rate"]
    assert rows["other topics, trained styles"]["prompts"] == 2


def test_without_the_model_before_there_is_no_change():
    (overall, *_) = analyse({"responses": AFTER, "prompts": PROMPTS}, Options()).tables
    assert math.isnan(overall.rows[0]["change"])


@pytest.mark.parametrize(
    ("inputs", "options", "said"),
    [
        ({}, {"styles": "ascii"}, "--set styles: expected some of cipher, plain, role play, found ascii"),
        ({"before": BEFORE[1:]}, {}, "expected responses to the same prompts"),
        ({"responses": AFTER[-2:]}, {}, "expected some to harmful prompts, found none"),
    ],
)
def test_what_makes_no_table_is_refused(inputs: dict[str, Any], options: dict[str, Any], said: str):
    with pytest.raises(BenchError, match=said):
        analyse({"responses": AFTER, "prompts": PROMPTS} | inputs, Options(**options))
