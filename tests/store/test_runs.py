"""runs/: records, what counts as finished, and the claim on a stage."""

from __future__ import annotations

import multiprocessing
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.damage import listening
from benchbench.store.files import read_json
from benchbench.store.runs import RunStore, default_results, default_root

SPEC = StageSpec("sft", "sft seed 1", {"training": {"learning_rate": 5e-7}, "seed": 1}, {}, {"data_key": "d"})
ENVIRONMENT = {"device_kind": "cpu"}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_a_stage_is_finished_only_when_its_record_says_so(store: RunStore):
    assert store.record(SPEC.key) is None
    record = store.begin(SPEC, ENVIRONMENT)
    assert record.status == "running"
    assert not store.is_done(SPEC.key)
    for status in ("failed", "interrupted"):
        store.write(replace(record, status=status))
        assert not store.is_done(SPEC.key)
    store.write(replace(record, status="done", tokens=5))
    assert store.is_done(SPEC.key)
    assert store.record(SPEC.key).tokens == 5


def test_a_folder_under_the_name_of_another_stage_is_noticed(store: RunStore):
    keys = ("sft/0000000000000001", "sft/0000000000000002")
    for key in keys:
        store.folder(key).mkdir(parents=True)
        (store.folder(key) / "rows.parquet").write_text(key)
        store.write(StageRecord(key, "done", ENVIRONMENT, files=store.seal(key)))
    assert [store.faults(key) for key in keys] == [[], []]
    first, second = map(store.folder, keys)
    first.rename(store.root / "aside")
    second.rename(first)
    (store.root / "aside").rename(second)
    assert [store.faults(key) for key in keys] == [
        [f"status.json: expected the record of {key}, found that of {other}"]
        for key, other in zip(keys, reversed(keys), strict=True)
    ]


def finished_with_model(store: RunStore) -> Path:
    """Weights that a finished stage left."""
    store.begin(SPEC, ENVIRONMENT)
    folder = store.folder(SPEC.key)
    (folder / "model").mkdir()
    (folder / "model" / "model.safetensors").write_bytes(b"weights")
    store.write(StageRecord(SPEC.key, "done", ENVIRONMENT, files=store.seal(SPEC.key)))
    return folder


def test_a_file_that_was_added_to_a_model_is_set_aside_alone(store: RunStore):
    folder, lines = finished_with_model(store), list[str]()
    (folder / "model" / "adapter_config.json").write_text("{}")
    with listening(lines.append):
        store.set_damaged_aside({SPEC.key: SPEC})
    (line,) = lines
    assert line.startswith(f"{folder / 'model' / 'adapter_config.json'}: expected no such file, found one; it is set")
    assert store.is_done(SPEC.key) and store.faults(SPEC.key) == []
    assert sorted(p.name for p in (folder / "model").iterdir()) == ["adapter_config.json.damaged", "model.safetensors"]


def test_a_damaged_stage_is_set_aside_unless_another_process_holds_it(store: RunStore):
    folder = finished_with_model(store)
    (folder / "model" / "model.safetensors").write_bytes(b"Weights")
    with store.claim(SPEC.key):
        store.set_damaged_aside({SPEC.key: SPEC})
    assert folder.exists()
    with pytest.warns(UserWarning, match="is set aside as .* and made again"):
        store.set_damaged_aside({SPEC.key: SPEC})
    assert not folder.exists()


def test_lock_and_environment_are_on_disk_before_the_work(store: RunStore):
    store.begin(SPEC, ENVIRONMENT)
    folder = store.folder(SPEC.key)
    assert read_json(folder / "env.json") == ENVIRONMENT
    assert "learning_rate: 5.0e-07" in (folder / "lock.yaml").read_text().replace("5e-07", "5.0e-07")


def test_a_second_attempt_counts_and_keeps_the_seconds(store: RunStore):
    record = store.begin(SPEC, ENVIRONMENT)
    store.write(replace(record, status="failed", seconds=7.5))
    again = store.begin(SPEC, ENVIRONMENT)
    assert (again.attempts, again.seconds, again.status, again.message) == (2, 7.5, "running", "")


def test_a_checkpoint_is_removed_whether_it_is_there_or_not(store: RunStore):
    (store.folder(SPEC.key) / "checkpoint").mkdir(parents=True)
    (store.folder(SPEC.key) / "checkpoint" / "state.safetensors").write_bytes(b"x")
    store.remove_checkpoint(SPEC.key)
    store.remove_checkpoint(SPEC.key)
    assert list(store.folder(SPEC.key).iterdir()) == []


def test_records_of_one_kind_are_listed_in_the_order_of_their_folders(store: RunStore):
    specs = [replace(SPEC, settings={"seed": seed}) for seed in range(4)]
    for spec in specs:
        store.begin(spec, ENVIRONMENT)
    (store.root / "sft" / "not-a-stage").mkdir()
    shutil.copytree(store.folder(specs[0].key), store.root / "sft" / ".a-copy")
    assert [record.key for record in store.records("sft")] == sorted(spec.key for spec in specs)
    assert store.records("score") == []


def test_the_default_folders_are_here_or_in_bench_home(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BENCH_HOME", raising=False)
    assert (default_root(), default_results()) == (Path("runs"), Path("results"))
    monkeypatch.setenv("BENCH_HOME", "/srv/bench")
    assert (default_root(), default_results()) == (Path("/srv/bench/runs"), Path("/srv/bench/results"))


def test_a_claim_is_waited_for(store: RunStore):
    order: list[str] = []

    def second() -> None:
        with store.claim(SPEC.key):
            order.append("second")

    with store.claim(SPEC.key):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_claims_of_different_stages_do_not_wait_for_each_other(store: RunStore):
    claimed: list[str] = []

    def other() -> None:
        with store.claim("sft/b"):
            claimed.append("sft/b")

    with store.claim("sft/a"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=10)
        assert claimed == ["sft/b"]


def test_a_claim_is_given_up_when_asked_to_stop(store: RunStore):
    waits = []
    with store.claim(SPEC.key) as first:
        stops = iter([False, True])
        with store.claim(SPEC.key, lambda: next(stops), waits.append) as second:
            assert (first, second, len(waits)) == (True, False, 1)
    with store.claim(SPEC.key, lambda: True) as again:
        assert again


def _hold(root: str, key: str, held: object) -> None:
    with RunStore(Path(root)).claim(key):
        held.set()
        time.sleep(600)


def test_a_killed_process_never_blocks_the_next(store: RunStore):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=_hold, args=(str(store.root), SPEC.key, held))
    process.start()
    assert held.wait(timeout=60)
    process.kill()
    process.join(timeout=10)
    started = time.monotonic()
    with store.claim(SPEC.key):
        pass
    assert time.monotonic() - started < 5


def test_a_record_without_environment_is_refused():
    with pytest.raises(ValueError, match="a record without environment"):
        StageRecord(SPEC.key, "done", {})
