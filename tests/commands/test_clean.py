"""`bench clean`: what nothing rests on goes, whole; what a table names, a process holds or a command plans stays."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from harness import Finished, bench, tree

from benchbench.commands.clean import clean, size, unused
from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.store.drafts import draft_prefix
from benchbench.store.processes import ProcessName, given_command, this_process
from benchbench.store.runs import RunStore
from benchbench.store.sessions import planning, running_plan, sessions

ENVIRONMENT = {"device_kind": "cpu"}
DATA, OTHER_DATA, HASH, TOKENIZER = "d" * 16, "e" * 16, "1" * 64, "2" * 64


def spec(number: int, *inputs: StageSpec, data: str = DATA) -> StageSpec:
    settings = {"seed": number, "data": {"hash": HASH}, "model": {"tokenizer": TOKENIZER}}
    return StageSpec(
        "sft", f"sft {number}", settings, {f"i{n}": i.key for n, i in enumerate(inputs)}, {"data_key": data}
    )


BASE = spec(0)
NAMED = spec(1, BASE)
"""Named by a table, and made from `BASE`."""
ALONE = spec(2, BASE, data=OTHER_DATA)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """Three stages, two of which a table rests on, with two sets of data and of tokens, and leftovers of every kind."""
    store = RunStore(tmp_path / "runs")
    for each in (BASE, NAMED, ALONE):
        record = store.begin(each, ENVIRONMENT)
        (store.folder(each.key) / "rows.parquet").write_bytes(b"x" * 5000)
        store.write(replace(record, status="done", files=store.seal(each.key)))
    for name in (f"data/{DATA}", f"data/{OTHER_DATA}", "merged/0123456789abcdef", "damaged/sft-x"):
        (store.root / name).mkdir(parents=True)
        (store.root / name / "file").write_bytes(b"x" * 300)
    for name, content in (("a" * 16, HASH), ("b" * 16, "3" * 64)):
        (store.root / "tokens" / name).mkdir(parents=True)
        index = {"made_of": {"data": {"hash": content}, "tokenizer": TOKENIZER}, "files": {}}
        (store.root / "tokens" / name / "index.json").write_text(json.dumps(index))
    (store.folder(BASE.key) / "rows.parquet.damaged").write_bytes(b"x")
    dead = f"{draft_prefix(store.root / 'data' / 'x').rsplit('-', 1)[0]}-{2**22 + 5}."
    (store.root / "data" / f"{dead}abcdefgh").mkdir()
    (store.root / "verdicts").mkdir()
    (store.root / "verdicts" / "judge.sqlite").write_bytes(b"paid for")
    results(tmp_path, NAMED)
    return store


def results(folder: Path, *stages: StageSpec, name: str = "results") -> Path:
    place = folder / name / "tiny"
    place.mkdir(parents=True, exist_ok=True)
    cells = [json.dumps({"cell": each.key, "stages": {"policy": each.key}}) for each in stages]
    (place / "cells.jsonl").write_text("\n".join(cells))
    return folder / name


def paths(store: RunStore, folder: Path, *more: Path) -> dict[str, str]:
    """Path below runs -> what it is, of all that may go."""
    return {str(each.path.relative_to(store.root)): each.kind for each in unused(store, [folder, *more]).unused}


def test_what_no_table_rests_on_is_listed(store: RunStore, tmp_path: Path):
    gone = paths(store, tmp_path / "results")
    draft = next(name for name in gone if name.startswith("data/."))
    assert gone == {
        ALONE.key: "sft",
        f"data/{OTHER_DATA}": "prepared data",
        "merged/0123456789abcdef": "merged model",
        f"tokens/{'b' * 16}": "tokens",
        "damaged/sft-x": "set aside",
        f"{BASE.key}/rows.parquet.damaged": "set aside",
        draft: "draft",
    }


def test_several_folders_of_results_are_looked_at_together(store: RunStore, tmp_path: Path):
    other = results(tmp_path, ALONE, name="others")
    gone = paths(store, tmp_path / "results", other)
    assert ALONE.key not in gone and f"data/{OTHER_DATA}" not in gone
    assert NAMED.key in paths(store, other) and BASE.key not in paths(store, other)


def test_what_a_damaged_record_names_stays(store: RunStore, tmp_path: Path):
    cells = tmp_path / "results" / "tiny" / "cells.jsonl"
    cells.write_text(cells.read_text()[:-2] + "\x00 and more")
    assert NAMED.key not in paths(store, tmp_path / "results")


def test_a_stage_that_runs_stays_with_what_it_reads(store: RunStore, tmp_path: Path):
    empty = results(tmp_path, name="empty")
    store.write(replace(store.begin(ALONE, ENVIRONMENT), status="running"))
    with store.claim(ALONE.key):
        gone = paths(store, empty)
        assert {BASE.key, ALONE.key, f"data/{OTHER_DATA}", f"data/{DATA}"}.isdisjoint(gone) and NAMED.key in gone
    gone = paths(store, empty)
    assert gone[ALONE.key] == "sft, unfinished"


def test_what_a_command_that_runs_has_planned_stays_and_goes_when_it_has_ended(store: RunStore, tmp_path: Path):
    """A stage of it is finished, one has not begun; what it was is forgotten with its last stage."""
    planned, empty = spec(3, data="f" * 16), results(tmp_path, name="empty")
    (store.root / "data" / ("f" * 16)).mkdir()
    with given_command("bench train x"), running_plan(store, [ALONE, planned]):
        assert {ALONE.key, f"data/{'f' * 16}", f"data/{OTHER_DATA}"}.isdisjoint(paths(store, empty))
    cleaning = unused(store, [empty])
    assert ALONE.key in {each.key for each in cleaning.unused} and len(sessions(store)) == 1
    clean(store, cleaning)
    assert sessions(store) == []


def test_what_a_person_named_stays(store: RunStore, tmp_path: Path):
    for name in ("sft/before-the-change", f"data/{DATA}.copy"):
        (store.root / name).mkdir()
    cleaning = unused(store, [tmp_path / "results"])
    assert {"sft/before-the-change", f"data/{DATA}.copy"}.isdisjoint(paths(store, tmp_path / "results"))
    assert "2 stay: folders with names that no command gives" in list(cleaning.stay_lines())


def test_what_a_running_command_names_stays_with_what_it_was_made_from(store: RunStore, tmp_path: Path):
    """A plan evaluates the model of a stage, which is named in a stage of the plan and is no stage of it."""
    empty = results(tmp_path, name="empty")
    planned = StageSpec("score", "score", {"model": NAMED.key.split("/")[1]}, {}, {})
    with given_command("bench eval x"), running_plan(store, [planned]):
        gone = paths(store, empty)
    assert {NAMED.key, BASE.key}.isdisjoint(gone) and ALONE.key in gone


def beaten(lease: Path, age: float) -> None:
    """Let the last heartbeat of a lease be so many seconds ago."""
    os.utime(lease, (time.time() - age, time.time() - age))


def test_what_a_stopped_or_distant_process_holds_stays(store: RunStore, tmp_path: Path):
    """It may come back after an hour, and not after a week; another process of this machine is gone."""
    here = this_process()
    elsewhere = ProcessName("far", "0badcafe", 7, 1)
    gone = replace(here, process=2**22 + 5)
    week = 7 * 24 * 3600
    for owner, age, stays in ((elsewhere, 3600, True), (elsewhere, week + 60, False), (gone, 3600, False)):
        path = store.root / "leases" / ALONE.key.replace("/", "-")
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"owner": asdict(owner), "since": "2026-11-29T10:00:00+00:00", "token": "a"}))
        beaten(path, age)
        assert (ALONE.key not in paths(store, tmp_path / "results")) is stays


def test_what_a_stopped_command_has_planned_stays(store: RunStore, tmp_path: Path):
    with given_command("bench train x"), running_plan(store, [ALONE]):
        (session,) = sessions(store)
        values = json.loads(session.path.read_text())
        session.path.write_text(json.dumps({**values, "owner": {**values["owner"], "machine": "0badcafe"}}))
        beaten(session.path, 3600)
        assert sessions(store)[0].holder is None and ALONE.key not in paths(store, tmp_path / "results")
        cleaning = unused(store, [tmp_path / "results"])
        clean(store, cleaning)
        assert len(sessions(store)) == 1


def test_bytes_that_are_no_text_and_files_of_others_are_passed_over(store: RunStore, tmp_path: Path):
    index = store.root / "tokens" / ("a" * 16) / "index.json"
    index.write_bytes(b"\xff" + index.read_bytes())
    (tmp_path / "results" / ".leases").mkdir()
    (tmp_path / "results" / ".leases" / "tiny").write_text(ALONE.key)
    (tmp_path / "results" / f"{draft_prefix(Path('table.csv'))}abcdefgh").write_text(ALONE.key)
    (tmp_path / "results" / "table.csv").symlink_to("nowhere")
    gone = paths(store, tmp_path / "results")
    assert f"tokens/{'a' * 16}" not in gone and ALONE.key in gone


def test_only_what_went_counts_as_freed(store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cleaning = unused(store, [tmp_path / "results"])
    monkeypatch.setattr("shutil.rmtree", lambda *more, **names: None)
    cleaned = clean(store, cleaning)
    assert {each.kind for each in cleaned.removed} == {"set aside"} and cleaned.freed == 1


def test_while_a_command_plans_all_that_it_may_read_stays(store: RunStore, tmp_path: Path):
    """Until it has said what it planned, or has ended; a folder of stages is made again where it is missed."""
    beside = {f"data/{OTHER_DATA}", "merged/0123456789abcdef", f"tokens/{'b' * 16}"}
    with given_command("bench train x"):
        with planning(store):
            pass
        assert beside.isdisjoint(gone := paths(store, tmp_path / "results")) and ALONE.key in gone
        with running_plan(store, [ALONE]):
            gone = paths(store, tmp_path / "results")
            assert f"data/{OTHER_DATA}" not in gone and beside - {f"data/{OTHER_DATA}"} <= gone.keys()
    with given_command("bench train x"), planning(store):
        pass
    assert beside <= paths(store, tmp_path / "results").keys()
    with planning(store):
        assert beside.isdisjoint(paths(store, tmp_path / "results"))
    assert beside <= paths(store, tmp_path / "results").keys()


def test_it_is_removed_whole_and_the_rest_is_as_it_was(store: RunStore, tmp_path: Path):
    before = tree(store.root)
    ended = bench("clean", "--runs", store.root, "--results", tmp_path / "results", "--yes", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["freed_bytes"] == ended.json["bytes"] > 5000 and len(ended.json["removed"]) == 7
    after = {name: content for name, content in tree(store.root).items() if not name.startswith("leases/")}
    assert after.items() <= before.items()
    names = [name for name in after if not name.startswith((f"{BASE.key}/", f"{NAMED.key}/"))]
    assert sorted(names) == [f"data/{DATA}/file", f"tokens/{'a' * 16}/index.json", "verdicts/judge.sqlite"]
    assert store.faults(NAMED.key) == store.faults(BASE.key) == []
    again = bench("clean", "--runs", store.root, "--results", tmp_path / "results")
    assert again.code == 0 and "0 things that nothing rests on, 0 bytes" in again.text


def test_a_dry_run_and_a_no_remove_nothing(store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    line = ("clean", "--runs", store.root, "--results", tmp_path / "results")
    dead = draft_prefix(Path("data")).rsplit(".", 2)[1].split("-")[0]
    replaced = store.root / "data" / f".{'9' * 16}.old.{dead}-{2**22 + 5}-abcdefgh" / ("9" * 16)
    replaced.mkdir(parents=True)
    (replaced / "file").write_text("put back by the next command that runs something")
    before = tree(store.root)
    ended = bench(*line, "--dry-run")
    assert ended.code == 0 and "7 things that nothing rests on" in ended.text and ALONE.key in ended.text
    assert "2 stay: results name them" in ended.text
    ended = bench(*line)
    assert ended.code == 2 and "expected --yes, --dry-run or a terminal" in ended.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, is_gone in (("n\n", False), ("y\n", True)):
        assert tree(store.root) == before
        monkeypatch.setattr("typer.confirm", lambda *more, answer=answer, **names: answer == "y\n")
        ended = bench(*line)
        assert ended.code == 0 and store.folder(ALONE.key).exists() is not is_gone
    assert "removed 7 of them" in ended.text


def test_what_was_taken_up_after_it_was_shown_stays(store: RunStore, tmp_path: Path):
    """One thing a table names by now, one a process holds."""
    cleaning = unused(store, [tmp_path / "results"])
    results(tmp_path, NAMED, ALONE)
    with store.claim("merged/0123456789abcdef"):
        removed = {each.kind for each in clean(store, cleaning).removed}
    assert removed == {"tokens", "set aside", "draft"}
    assert store.folder(ALONE.key).exists() and (store.root / "merged" / "0123456789abcdef" / "file").exists()


@pytest.mark.parametrize("option", ["--runs", "--results"])
def test_without_one_of_the_folders_nothing_is_said_to_be_unused(store: RunStore, tmp_path: Path, option: str):
    folders = {"--runs": store.root, "--results": tmp_path / "results"} | {option: tmp_path / "nothing"}
    ended = bench("clean", *(word for pair in folders.items() for word in pair), "--yes")
    assert ended.code == 5 and f"name it with {option}" in ended.err and store.folder(ALONE.key).exists()


def test_of_a_finished_comparison_nothing_goes(finished: Finished):
    cleaning = unused(RunStore(finished.runs), [finished.results])
    assert [each for each in cleaning.unused if each.kind != "draft"] == []
    assert sum(cleaning.stays.values()) > 20


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (2048, "2.0 KiB"), (5 << 40, "5120.0 GiB")])
def test_sizes_in_words(count: int, text: str):
    assert size(count) == text


def of_kind(kind: str, title: str, *inputs: StageSpec) -> StageSpec:
    return StageSpec(kind, title, {"title": title}, {f"i{n}": each.key for n, each in enumerate(inputs)}, {})


FIRST = of_kind("preference", "round 1")
DRAWN = of_kind("rollout", "drawn in round 2", FIRST)
CHOSEN = of_kind("select", "rows of round 2", DRAWN)
SECOND = of_kind("preference", "round 2", FIRST, CHOSEN)
ROUNDS = (FIRST, DRAWN, CHOSEN, SECOND)


@pytest.fixture
def rounds(tmp_path: Path) -> RunStore:
    """Two rounds that are finished, on the last of which a table rests."""
    store = RunStore(tmp_path / "runs")
    for each in ROUNDS:
        finished(store, each)
    results(tmp_path, SECOND)
    return store


def finished(store: RunStore, spec: StageSpec) -> None:
    record = store.begin(spec, ENVIRONMENT)
    (store.folder(spec.key) / "rows.parquet").write_bytes(b"x" * 50)
    if spec.kind == "preference":
        (store.folder(spec.key) / "model").mkdir(exist_ok=True)
        (store.folder(spec.key) / "model" / "model.safetensors").write_bytes(b"x" * 500)
    store.write(replace(record, status="done", files=store.seal(spec.key)))


def of_rounds(store: RunStore, **more: bool) -> list[str]:
    """Models that may go."""
    every = unused(store, [store.root.parent / "results"], **more).unused
    return [str(each.path.relative_to(store.root)) for each in every]


def test_the_model_of_a_round_that_is_over_may_go_on_request_and_the_last_one_stays(rounds: RunStore):
    assert of_rounds(rounds) == []
    assert of_rounds(rounds, with_round_models=True) == [f"{FIRST.key}/model"]


@pytest.mark.parametrize("left", [DRAWN, SECOND], ids=lambda spec: spec.title)
def test_it_stays_while_the_round_after_it_is_not_over(rounds: RunStore, left: StageSpec):
    record = rounds.record(left.key)
    assert record is not None
    rounds.write(replace(record, status="interrupted"))
    assert of_rounds(rounds, with_round_models=True) == []


def test_it_stays_while_a_command_plans_its_stage(rounds: RunStore):
    with running_plan(rounds, [FIRST]):
        assert of_rounds(rounds, with_round_models=True) == []


def test_a_model_that_was_dropped_is_noted_and_made_again_for_who_reads_it(rounds: RunStore):
    shown = unused(rounds, [rounds.root.parent / "results"], with_round_models=True)
    assert clean(rounds, shown).freed == 500
    folder = rounds.folder(FIRST.key)
    assert not (folder / "model").exists() and rounds.is_done(FIRST.key)
    assert json.loads((folder / "dropped.json").read_text())["bytes"] == 500
    assert rounds.faults(FIRST.key, model_too=False) == [] and rounds.sound_folder(FIRST.key) == folder
    with pytest.raises(BenchError, match="model: expected one, found that it was dropped .20"):
        rounds.sound_folder(FIRST.key, model_too=True)
    again = of_kind("rollout", "drawn once more", FIRST)
    stages = {each.key: each for each in (*ROUNDS, again)}
    rounds.set_damaged_aside({each.key: each for each in ROUNDS})
    assert rounds.is_done(FIRST.key), "nothing that is to run reads it"
    with pytest.warns(UserWarning, match="it was dropped .* and made again"):
        rounds.set_damaged_aside(stages)
    assert [rounds.is_done(each.key) for each in ROUNDS] == [False, True, True, True]
    finished(rounds, FIRST)
    assert rounds.faults(FIRST.key) == [] and not (folder / "dropped.json").exists()
