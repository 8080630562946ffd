"""`bench show samples`: answers of two methods to the same prompts, with what was judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO, bench, finish, generate_section

PROMPTS = 6


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(setting, runs): two methods answered and were judged against each other, and against the data's responses."""
    folder = tmp_path_factory.mktemp("samples")
    setting = folder / "mine.yaml"
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=PROMPTS, tokens=6)
    setting.write_text(text + "judge:\n  name: gold\n  against: [baseline, chosen]\n", encoding="utf-8")
    assert set(finish(["dpo", "simpo"], setting=setting, runs=folder / "runs").values()) == {"done"}
    return setting, folder / "runs"


@pytest.fixture
def line(world: tuple[Path, Path]) -> tuple[object, ...]:
    return ("--setting", world[0], "--runs", world[1], "--seed", 1)


def test_answers_and_verdicts_are_those_of_the_files(line: tuple[object, ...], world: tuple[Path, Path]):
    from benchbench.store.generations import read_generations

    shown = bench("show", "samples", "dpo", "simpo", *line, "--count", PROMPTS, "--json").json
    assert shown["labels"] == ["dpo", "simpo"] and shown["seed"] == 1 and shown["answered"] == PROMPTS
    drawn = {
        (f["example"], f["text"])
        for path in (world[1] / "generate").iterdir()
        for f in read_generations(path).to_dict("records")
    }
    for row in shown["answers"]:
        assert {(row["example"], answer["text"]) for answer in row["answers"]} <= drawn
        against = [(verdict["label"], verdict["opponent"]) for verdict in row["verdicts"]]
        assert against.count(("simpo", "dpo")) >= 1 and ("dpo", "chosen") in against and ("simpo", "chosen") in against
        assert row["chosen"] and row["prompt"][0]["role"] == "user"


def test_the_order_of_the_methods_finds_the_same_verdicts(line: tuple[object, ...]):
    """The baseline's contests are stored with the other row; either order of the methods finds them."""
    one, other = (
        {
            row["example"]: row["winner"]
            for row in bench("show", "samples", *pair, *line, "--count", 9, "--json").json["answers"]
        }
        for pair in (("dpo", "simpo"), ("simpo", "dpo"))
    )
    assert one == other and set(one.values()) <= {"dpo", "simpo", "tie"}


def test_winners_and_ids_choose_the_prompts(line: tuple[object, ...]):
    everything = bench("show", "samples", "dpo", "simpo", *line, "--count", 9, "--json").json["answers"]
    for winner in ("dpo", "simpo", "tie"):
        shown = bench("show", "samples", "dpo", "simpo", *line, "--won", winner, "--count", 9, "--json").json
        assert shown["answers"] == [row for row in everything if row["winner"] == winner]
    last = everything[-1]["example"]
    assert [
        row["example"]
        for row in bench("show", "samples", "dpo", "simpo", *line, "--id", last, "--json").json["answers"]
    ] == [last]


def test_it_fits_80_columns_and_says_how_many_there_are(line: tuple[object, ...], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    ended = bench("show", "samples", "dpo", "simpo", *line)
    assert ended.code == 0 and max(map(len, ended.out.splitlines())) <= 80
    assert f"seed 1: 3 of {PROMPTS} answers shown" in ended.out and "simpo against dpo" in ended.out
    monkeypatch.setenv("COLUMNS", "120")
    assert " | simpo: " in bench("show", "samples", "dpo", "simpo", *line).out


def test_what_cannot_be_shown_is_refused_with_the_way_out(line: tuple[object, ...]):
    for words, code, said in (
        (("dpo",), 2, "expected two methods, got 1"),
        (("dpo", "simpo", "--won", "ipo"), 2, "unknown winner of --won 'ipo'"),
        (("dpo", "simpo", "--id", "test-00009"), 2, "expected ids of 6 answered prompts"),
        (("dpo", "simpo", "--count", 0), 2, "--count: expected 1 or more, got 0"),
        (("dpo", "ipo"), 4, "ipo seed 1: expected finished responses"),
    ):
        ended = bench("show", "samples", *words, *line)
        assert ended.code == code and said in ended.err and ended.out == "", ended.err


def test_a_setting_that_draws_nothing_is_told_so(tmp_path: Path):
    ended = bench("show", "samples", "dpo", "simpo", "--setting", MICRO, "--runs", tmp_path / "runs")
    assert ended.code == 2 and "expected a generate section" in ended.err
