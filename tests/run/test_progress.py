"""What people read while stages run, on a console that is no terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchbench.core.records import StageRecord, StageSpec
from benchbench.run import progress
from benchbench.run.progress import ProgressView

SPEC = StageSpec("sft", "sft seed 1", {}, {}, {})


def record(status: str = "done", **more: object) -> StageRecord:
    return StageRecord(SPEC.key, status, {"device_kind": "cpu"}, **{"seconds": 2.0, **more})


def lines(*records: StageRecord, events: tuple[dict[str, object], ...] = ()) -> list[str]:
    """What is printed of one stage after another, with these events in the first."""
    out = io.StringIO()
    stages = {str(number): SPEC for number in range(len(records))}
    with ProgressView(Console(file=out, width=300), stages) as view:
        for number, ended in enumerate(records):
            view.started(SPEC)
            for event in events if number == 0 else ():
                view.progress({"key": SPEC.key, "title": SPEC.title, **event})
            view.ended(SPEC, ended)
    return out.getvalue().splitlines()


def test_a_stage_ends_in_one_line_with_its_rate_and_its_place_in_the_grid():
    assert lines(record(tokens=3000), record(seconds=0.0)) == [
        "[1/2] sft seed 1: done in 2.0 s, 1,500 tokens/s",
        "[2/2] sft seed 1: done in 0.0 s",
    ]


def test_a_stage_that_failed_says_why():
    assert lines(record("failed", message="training diverged\n")) == ["[1/1] sft seed 1: failed: training diverged"]


@pytest.mark.parametrize(
    ("summary", "end"),
    [
        (
            {"calls": 12, "cached": 3, "missing": 1, "cost": 0.25},
            "; 12 verdicts requested, 3 from the cache, 1 missing, cost 0.25",
        ),
        ({"calls": 0, "cached": 3, "missing": 0, "cost": 0.0}, "; 0 verdicts requested, 3 from the cache"),
        (
            {"cut": {"control_token": 2, "no_token": 1}},
            "; responses: 2 cut at a control token, 1 cut at an id without a token",
        ),
        (
            {"tokenization": {"dropped": {"too long": 4}, "truncated": 2, "empty": 0}},
            "; tokenisation: 4 dropped (too long), 2 truncated",
        ),
    ],
    ids=["judge", "judge with nothing new", "responses", "tokenisation"],
)
def test_what_a_stage_dropped_cut_or_asked_stands_at_the_end(summary: dict[str, object], end: str):
    assert lines(record(summary=summary)) == [f"[1/1] sft seed 1: done in 2.0 s{end}"]


def test_a_message_is_printed_and_one_for_the_whole_grid_once():
    """The engine's choice is the same for every stage of a grid."""
    grid = {"message": "generation: transformers", "once": True}
    printed = lines(record(), events=({"message": "a [word]"}, {"message": "a [word]"}, grid, grid))
    assert printed[:-1] == ["sft seed 1: a [word]", "sft seed 1: a [word]", "generation: transformers"]


TRICKY = "dpo [/bold] of [red]x[/red] :smile: [link"
"""A recipe's name is free text, and rich has a markup of its own; a closing tag without an opening one ends the run."""


@pytest.mark.parametrize("terminal", [False, True])
def test_text_that_looks_like_markup_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch, terminal: bool):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    out = io.StringIO()
    spec = StageSpec("sft", TRICKY, {}, {}, {})
    console = Console(file=out, width=300, force_terminal=terminal, color_system=None)
    with ProgressView(console, {spec.key: spec}) as view:
        view.started(spec)
        view.progress({"key": spec.key, "title": TRICKY, "step": 1, "steps": 2, "tokens": 3, "loss": 0.5})
        view.progress({"key": spec.key, "title": TRICKY, "message": TRICKY})
        view.progress({"key": spec.key, "title": TRICKY, "message": TRICKY, "once": True})
        view._bars.refresh()
        view.ended(spec, record())
    printed = out.getvalue()
    assert f"{TRICKY}: {TRICKY}\n" in printed
    assert f"[1/1] {TRICKY}: done in" in printed
    assert (f"{TRICKY}: step 1/2" in printed) is not terminal
    assert printed.count(TRICKY) == printed.count("dpo")


def test_steps_are_lines_only_every_few_seconds(monkeypatch: pytest.MonkeyPatch):
    steps = tuple({"step": step, "steps": 4, "tokens": 10 * step, "loss": 0.5} for step in (1, 2))
    assert len(lines(record(), events=steps)) == 1
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    first, second, _ = lines(record(), events=steps)
    assert first == "sft seed 1: step 1/4, loss 0.5000", "one report is no rate"
    assert "step 2/4" in second and second.endswith(" s left")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as the view sees it: its last element."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[-1])
    return now


def test_after_a_resume_the_time_left_is_that_of_this_run(clock: list[float]):
    """Steps 901 to 903 of 1000 took 10 s each, so 97 are 970 s: what ran before the checkpoint took none of this."""
    out = io.StringIO()
    with ProgressView(Console(file=out, width=300), {SPEC.key: SPEC}) as view:
        view.started(SPEC)
        for k, now in enumerate((100.0, 110.0, 120.0)):
            clock.append(now)
            event = {"step": 901 + k, "steps": 1000, "tokens": 50 * (k + 1), "loss": 0.5}
            view.progress({"key": SPEC.key, "title": SPEC.title, **event})
    assert (
        out.getvalue().splitlines()[-1] == "sft seed 1: step 903/1000, loss 0.5000, 5 tokens/s, about 16 min 10 s left"
    )


@pytest.mark.parametrize("terminal", [False, True])
def test_the_grid_has_a_line_of_its_own(clock: list[float], terminal: bool):
    """Of two stages one is done after 100 s, so about 100 s are left."""
    other = StageSpec("sft", "sft seed 2", {"seed": 2}, {}, {})
    out = io.StringIO()
    console = Console(file=out, width=300, force_terminal=terminal, color_system=None)
    with ProgressView(console, {SPEC.key: SPEC, other.key: other}) as view:
        view.started(SPEC)
        clock.append(100.0)
        view.ended(SPEC, record(seconds=100.0))
        view._bars.refresh()
    line = "1/2 stages done, 1 min 40 s elapsed, about 1 min 40 s left"
    if terminal:
        assert "grid" in out.getvalue() and line.partition(", ")[2] in out.getvalue()
    else:
        assert out.getvalue().splitlines()[-1] == f"grid: {line}"
