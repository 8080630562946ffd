"""game_battery: a model of a constant answer gives the known table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchbench.analyses._games import levels, prisoners, traveler
from benchbench.analyses.game_battery import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.data.prompt_files import read_prompt_file


def answered(text: str, options: Options = Options()) -> dict[str, Any]:  # noqa: B008
    """Tables by name where every prompt of the battery has this response."""
    rows = [{"example": game.id, "text": text} for game in options.games]
    return {table.name: list(table.rows) for table in analyse({"responses": rows}, options).tables}


def test_a_model_that_always_says_the_same_letter_cooperates_in_one_half():
    found = answered("A")
    assert [row["stake"] for row in found["prisoner"]] == [1, 100, 10_000]
    for row in found["prisoner"]:
        assert (row["cooperate"], row["says A"], row["answers"], row["unread"]) == (0.5, 1.0, 2, 0)
    for row in found["traveler"]:
        assert row["answers"] == 0 and row["unread"] == 1 and math.isnan(row["mean claim"])


@pytest.mark.parametrize(("claim", "smallest", "largest"), [(2, 1, 0), (50, 0, 0), (100, 0, 1)])
def test_a_model_of_a_constant_claim_gives_the_known_table(claim: int, smallest: float, largest: float):
    for row in answered(f"I claim ${claim}.")["traveler"]:
        assert (row["mean claim"], row["smallest"], row["largest"], row["answers"]) == (claim, smallest, largest, 1)
    assert answered(str(claim))["effects"][0]["mean claim, largest less smallest penalty"] == 0


def test_effects_are_those_of_the_ends():
    options = Options(stakes="1,10", penalties="2,50")
    rows = [{"example": game.id, "text": game.cooperate} for game in prisoners(1)]
    rows += [{"example": game.id, "text": "B" if game.cooperate == "A" else "A"} for game in prisoners(10)]
    rows += [{"example": "traveler-2", "text": "100"}, {"example": "traveler-50", "text": "2"}]
    (effects,) = analyse({"responses": rows}, options).tables[0].rows
    assert list(effects.values()) == [-1.0, -98.0]


@pytest.mark.parametrize(
    ("text", "cooperates"),
    [
        ("A", 1),
        ("B.", 0),
        ("**A**", 1),
        ("I would choose B", 0),
        ("A rational player says: B", 0),
        ("C", None),
        ("", None),
    ],
)
def test_the_first_letter_that_ends_a_clause_is_the_answer(text: str, cooperates: int | None):
    (game,) = (game for game in prisoners(1) if game.cooperate == "A")
    assert game.read(text) == cooperates


def test_a_claim_outside_the_range_is_unread():
    game = traveler(2, 2, 100)
    assert [game.read(text) for text in ("2", "101", "-5", "none", "I say 40, not 50")] == [2, None, None, None, 40]


def test_payoffs_make_the_dilemmas():
    """Defecting is better whatever the other does, and both are better off cooperating: T > R > P > S, 2R > T + S."""
    from benchbench.analyses import _games

    t, r, p, s = _games.TEMPTATION, _games.REWARD, _games.PUNISHMENT, _games.SUCKER
    assert t > r > p > s and 2 * r > t + s
    assert "$300 if the other also chooses A, and $0" in prisoners(100)[0].prompt
    assert "$500 if the other chooses B, and $100 if both choose A" in prisoners(100)[1].prompt


def test_without_responses_the_battery_is_a_prompt_file_that_bench_reads(tmp_path: Path):
    text = analyse({}, Options()).files["prompts.jsonl"]
    (tmp_path / "prompts.jsonl").write_text(text)
    prompts = read_prompt_file(tmp_path / "prompts.jsonl").prompts
    assert (
        [prompt.id for prompt in prompts]
        == [game.id for game in Options().games]
        == [json.loads(line)["id"] for line in text.splitlines()]
    )


def test_a_response_to_another_battery_is_refused():
    with pytest.raises(BenchError, match="prompt 'prisoner-7-A' is not in the battery"):
        analyse({"responses": [{"example": "prisoner-7-A", "text": "A"}]}, Options())


@pytest.mark.parametrize("text", ["", "0", "1,1", "1;2", "-1", "1.5"])
def test_levels_are_distinct_whole_numbers(text: str):
    with pytest.raises(ValueError, match="expected distinct whole numbers above 0"):
        levels(text)
    assert levels("10, 2") == [2, 10]


def test_claims_have_a_range():
    with pytest.raises(ValueError, match="1 <= low < high"):
        Options(low=5, high=5)
