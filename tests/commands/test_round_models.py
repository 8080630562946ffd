"""Models of rounds, dropped while a command runs: when nothing reads them any more, never one that something does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.commands import round_models
from benchbench.commands.round_models import RoundModels
from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.contents import note_dropped
from benchbench.store.runs import RunStore
from benchbench.store.sessions import planning, running_plan
from tests.commands.test_clean import CHOSEN, DRAWN, ENVIRONMENT, FIRST, ROUNDS, SECOND, finished, of_kind

SCORED = of_kind("score", "score of round 1", FIRST)
EVERY = (*ROUNDS, SCORED)
DONE = StageRecord(SECOND.key, "done", ENVIRONMENT)


def plan(*specs: StageSpec, keep: str = "last") -> Any:
    """A cell of two rounds."""
    recipe = SimpleNamespace(rounds=SimpleNamespace(keep_models=keep))
    rounds = tuple(SimpleNamespace(trained=(each.key,)) for each in (FIRST, SECOND))
    cell = SimpleNamespace(loaded=SimpleNamespace(recipe=recipe), rounds=rounds, policy=SECOND.key)
    return SimpleNamespace(cells=[cell], stages={each.key: each for each in specs or EVERY})


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def made(store: RunStore, specs: Sequence[StageSpec]) -> RunStore:
    for each in specs:
        finished(store, each)
    return store


def models(store: RunStore) -> list[str]:
    """Titles of the stages whose models are there."""
    return [each.title for each in (FIRST, SECOND) if (store.folder(each.key) / "model").is_dir()]


def test_a_model_goes_when_the_last_stage_that_reads_it_ends(store: RunStore):
    """Those that read it may end after the training of the next round, and before."""
    made(store, (FIRST, DRAWN, CHOSEN))
    heard: list[str] = []
    listener: Any = SimpleNamespace(ended=lambda spec, record: heard.append(spec.title))
    dropping = RoundModels(listener, store, plan())
    for last in (SECOND, SCORED):
        assert models(store)[0] == "round 1"
        finished(store, last)
        dropping.ended(last, replace(DONE, key=last.key))
    assert models(store) == ["round 2"] and heard == ["round 2", "score of round 1"]
    assert store.faults(FIRST.key, model_too=False) == [] and (store.folder(FIRST.key) / "dropped.json").is_file()
    assert dropping.drop() == []


@pytest.mark.parametrize("end", ["failed", "interrupted"])
def test_it_stays_where_a_reader_did_not_finish(end: str, store: RunStore):
    made(store, ROUNDS)
    listener: Any = SimpleNamespace(ended=lambda spec, record: None)
    RoundModels(listener, store, plan()).ended(SCORED, StageRecord(SCORED.key, end, ENVIRONMENT))
    assert models(store) == ["round 1", "round 2"]


def test_it_stays_where_a_recipe_keeps_all_and_where_a_stage_of_another_plan_is_to_read_it(store: RunStore):
    made(store, EVERY)
    assert RoundModels(None, store, plan(keep="all")).drop() == []
    shared = plan()
    shared.cells += plan(keep="all").cells
    assert RoundModels(None, store, shared).drop() == []
    store.begin(other := of_kind("score", "scored by another recipe", FIRST), ENVIRONMENT)
    assert RoundModels(None, store, plan()).drop() == [], "it was begun, and may go on"
    finished(store, other)
    assert RoundModels(None, store, plan()).drop() == [FIRST.key]


def test_it_stays_while_another_command_plans(store: RunStore, monkeypatch: pytest.MonkeyPatch):
    made(store, EVERY)
    with running_plan(store, EVERY):
        assert models(store) == ["round 1", "round 2"]
        monkeypatch.setattr(round_models, "_is_ours", lambda holder: False)
        assert RoundModels(None, store, plan()).drop() == [], "it may be another one's"
    with planning(store):
        assert RoundModels(None, store, plan()).drop() == [], "what it will read is not known yet"
    monkeypatch.undo()
    with running_plan(store, EVERY):
        assert RoundModels(None, store, plan()).drop() == [FIRST.key], "its own command does not keep it"


def test_a_command_that_is_killed_between_the_note_and_the_model_leaves_it_for_the_next(store: RunStore):
    made(store, EVERY)
    note_dropped(store.folder(FIRST.key))
    assert store.faults(FIRST.key) == [], "it is there, whatever the note says"
    assert RoundModels(None, store, plan()).drop() == [FIRST.key]
    assert models(store) == ["round 2"]


def test_one_that_is_needed_again_is_made_again(store: RunStore):
    made(store, EVERY)
    assert RoundModels(None, store, plan()).drop() == [FIRST.key]
    again = of_kind("score", "scored once more", FIRST)
    with pytest.warns(UserWarning, match="it was dropped .* and made again"):
        store.set_damaged_aside({each.key: each for each in (*EVERY, again)})
    assert [store.is_done(each.key) for each in EVERY] == [False, True, True, True, True]
