"""results/: cells are upserted, tables are merged, and the order of commands leaves no trace."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.errors import BenchError
from benchbench.store import results
from benchbench.store.damage import listening
from benchbench.store.results import ResultStore

KEY = ("method", "seed")
ROWS = st.lists(
    st.tuples(st.sampled_from(["dpo", "simpo", "sft"]), st.integers(1, 3), st.sampled_from(["auc", "acc"])),
    min_size=1,
    max_size=8,
    unique=True,
)
VALUES = st.floats(allow_nan=True, allow_infinity=False, width=64)


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "results", "micro")


def frame(rows: list[tuple[str, int, str]], value: float = 0.5) -> pd.DataFrame:
    return pd.DataFrame([{"method": m, "seed": s, "metric": metric, "value": value} for m, s, metric in rows])


# --- cells ----------------------------------------------------------------------------------------------------------


def test_cells_are_added_and_replaced_by_their_identity(store: ResultStore):
    assert store.cells() == []
    store.upsert_cells([{"cell": "b", "label": "1"}, {"cell": "a", "label": "1"}])
    store.upsert_cells([{"cell": "b", "label": "2"}, {"cell": "c", "label": "3"}])
    assert [(cell["cell"], cell["label"]) for cell in store.cells()] == [("a", "1"), ("b", "2"), ("c", "3")]
    lines = (store.folder / "cells.jsonl").read_text().splitlines()
    assert [json.loads(line)["cell"] for line in lines] == ["a", "b", "c"]


def test_a_damaged_line_costs_its_own_cell_and_no_other(store: ResultStore):
    store.upsert_cells([{"cell": name, "label": "1"} for name in "abcd"])
    path = store.folder / "cells.jsonl"
    path.write_text(path.read_text().replace('"label": "1"', '"label": "2"', 1))
    with pytest.warns(UserWarning, match="a record that is not as it was written"):
        store.upsert_cells([{"cell": "d", "label": "3"}])
    assert [(cell["cell"], cell["label"]) for cell in store.cells()] == [("b", "1"), ("c", "1"), ("d", "3")]
    assert (store.folder / "cells.jsonl.damaged").is_file()


def test_lines_that_are_gone_are_noticed_and_the_others_stay(store: ResultStore):
    store.upsert_cells([{"cell": name} for name in "abc"])
    path, said = store.folder / "cells.jsonl", list[str]()
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    (fault,) = store.faults()
    assert "cells.jsonl: expected" in fault
    with listening(said.append):
        store.upsert_cells([{"cell": "d"}])
    assert [cell["cell"] for cell in store.cells()] == ["b", "c", "d"] and store.faults() == []
    (line,) = said
    assert fault in line and "it is set aside as cells.jsonl.damaged and made again" in line


@pytest.mark.parametrize("write", ["set aside", "cells", "table"])
def test_damaged_hashes_are_set_aside_and_block_no_command(store: ResultStore, write: str):
    store.merge_table("measurements.csv", frame([("dpo", 1, "auc")]), key=("method",))
    (store.folder / ".hashes.json").write_text("{")
    said: list[str] = []
    with listening(said.append):
        if write == "set aside":
            store.set_damaged_aside("measurements.csv")
        elif write == "cells":
            store.upsert_cells([{"cell": "a"}])
        else:
            store.merge_table("measurements.csv", frame([("dpo", 2, "auc")]), key=("method",))
    (line,) = said
    assert ".hashes.json: expected the hashes" in line and "set aside as .hashes.json.damaged" in line
    assert len(store.table("measurements.csv")) == 1 and store.faults() == []


def test_a_table_that_is_gone_is_noticed_and_made_again(store: ResultStore):
    store.merge_table("measurements.csv", frame([("dpo", 1, "auc")]), key=("method",))
    (store.folder / "measurements.csv").unlink()
    (fault,) = store.faults()
    assert fault.endswith("found no such file")
    with pytest.raises(BenchError, match=r"measurements\.csv: expected .* found no such file; run the command again"):
        store.table("measurements.csv")
    said: list[str] = []
    with listening(said.append):
        store.set_damaged_aside("measurements.csv")
    assert said == [f"{fault}; it is made again: the commands that made other rows of it bring them back"]
    assert store.table("measurements.csv").empty and store.faults() == []


def test_a_process_killed_before_the_first_writing_of_a_table_leaves_no_fault(
    store: ResultStore, monkeypatch: pytest.MonkeyPatch
):
    def killed(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "write_bytes", killed)
    with pytest.raises(KeyboardInterrupt):
        store.merge_table("measurements.csv", frame([("dpo", 1, "auc")]), key=("method",))
    assert store.faults() == [] and store.table("measurements.csv").empty


def test_tables_whose_hashes_are_damaged_are_not_read(store: ResultStore):
    store.merge_table("measurements.csv", frame([("dpo", 1, "auc")]), key=("method",))
    hashes = store.folder / ".hashes.json"
    hashes.write_text(hashes.read_text().replace('"bytes": ', '"bytes": 1', 1))
    with pytest.raises(BenchError, match=r"\.hashes\.json: expected the hashes of the tables as they were written"):
        store.table("measurements.csv")
    assert len(store.faults()) == 1
    with pytest.warns(UserWarning, match=r"set aside as \.hashes\.json\.damaged"):
        store.merge_table("measurements.csv", frame([("dpo", 1, "auc")]), key=("method",))
    assert store.faults() == [] and len(store.table("measurements.csv")) == 1


def test_what_is_kept_by_role_is_joined(store: ResultStore):
    """A command that draws nothing does not forget what another one drew."""
    store.upsert_cells([{"cell": "a", "stages": {"score": "s1", "generate": "g1"}, "seconds": {"score": 1.0}}])
    store.upsert_cells([{"cell": "a", "stages": {"score": "s2"}, "seconds": {"score": 2.0}}])
    (found,) = store.cells()
    assert found["stages"] == {"score": "s2", "generate": "g1"} and found["seconds"] == {"score": 2.0}


def test_two_processes_that_record_at_once_lose_no_cell(store: ResultStore):
    code = (
        "import sys; from pathlib import Path; from benchbench.store.results import ResultStore\n"
        "store = ResultStore(Path(sys.argv[1]), 'micro')\n"
        "for n in range(60): store.upsert_cells([{'cell': f'{sys.argv[2]}-{n:03d}'}])"
    )
    root = str(store.folder.parent)
    processes = [subprocess.Popen([sys.executable, "-c", code, root, name]) for name in ("a", "b")]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert len(store.cells()) == 120


# --- tables ---------------------------------------------------------------------------------------------------------


@given(rows=ROWS, value=VALUES)
@settings(max_examples=25, deadline=None)
def test_merging_twice_changes_nothing(tmp_path_factory, rows, value):
    store = ResultStore(tmp_path_factory.mktemp("merge"), "micro")
    path = store.merge_table("table.csv", frame(rows, value), key=KEY)
    once = path.read_bytes()
    store.merge_table("table.csv", frame(rows, value), key=KEY)
    assert path.read_bytes() == once


@given(rows=ROWS, cut=st.integers(0, 8), order=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_file_depends_on_its_rows_not_on_the_order_of_commands(tmp_path_factory, rows, cut, order):
    """Row sets of different keys, merged in any order and in any row order, give the same bytes."""
    sets: dict[tuple[str, int], list] = {}
    for row in rows:
        sets.setdefault(row[:2], []).append(row)
    groups = list(sets.values())

    def written(groups: list[list]) -> bytes:
        store = ResultStore(tmp_path_factory.mktemp("order"), "micro")
        for group in groups:
            store.merge_table("table.csv", frame(group), key=KEY)
        return (store.folder / "table.csv").read_bytes()

    whole = written([rows])
    order.shuffle(groups)
    assert written([order.sample(group, len(group)) for group in groups]) == whole


def test_a_row_set_is_replaced_as_a_whole(store: ResultStore):
    store.merge_table("table.csv", frame([("dpo", 1, "auc"), ("dpo", 1, "acc"), ("dpo", 2, "acc")]), key=KEY)
    path = store.merge_table("table.csv", frame([("dpo", 1, "auc")], 0.7), key=KEY)
    table = pd.read_csv(path)
    assert list(table.itertuples(index=False, name=None)) == [("dpo", 1, "auc", 0.7), ("dpo", 2, "acc", 0.5)]


@given(st.lists(VALUES, min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_numbers_keep_every_digit_through_any_number_of_merges(tmp_path_factory, values):
    store = ResultStore(tmp_path_factory.mktemp("digits"), "micro")
    table = pd.DataFrame({"method": [f"m{i}" for i in range(len(values))], "seed": 1, "value": values})
    store.merge_table("table.csv", table, key=KEY)
    path = store.merge_table("table.csv", frame([("other", 9, "auc")])[["method", "seed", "value"]], key=KEY)
    back = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("method")["value"]
    for i, value in enumerate(values):
        read = float(back[f"m{i}"])
        assert read == value or (math.isnan(read) and math.isnan(value))


def test_empty_texts_and_nan_are_told_apart(store: ResultStore):
    table = pd.DataFrame([{"method": "dpo", "seed": 1, "note": "", "value": math.nan}])
    path = store.merge_table("table.csv", table, key=KEY)
    store.merge_table("table.csv", frame([("sft", 1, "auc")])[["method", "seed"]].assign(note="x", value=1.0), key=KEY)
    assert path.read_text().splitlines() == ["method,seed,note,value", "dpo,1,,nan", "sft,1,x,1.0"]


def test_a_report_is_replaced(store: ResultStore):
    store.write_report("one")
    assert store.write_report("two").read_text() == "two"


def test_a_table_from_before_a_column_of_the_key_is_read_by_what_it_has(store: ResultStore):
    store.merge_table("table.csv", frame([("dpo", 1, "auc"), ("sft", 1, "auc")], 0.5), key=KEY)
    fresh = frame([("dpo", 1, "auc")], 0.7).assign(prompts="test")
    path = store.merge_table("table.csv", fresh, key=(*KEY, "prompts"))
    rows = pd.read_csv(path, keep_default_na=False)
    assert rows[["method", "value", "prompts"]].values.tolist() == [["dpo", 0.7, "test"], ["sft", 0.5, ""]]


# --- documents of one request ---------------------------------------------------------------------------------------


def test_documents_of_the_last_command_go_and_what_is_somebodys_own_stays(store: ResultStore):
    figure = store.folder / "figures" / "auc.png"
    store.write_report("notes", name="figures/mine.png")
    for path, text in ((figure, "drawn"), (store.folder / "win_rates.md", "rates"), (store.folder / "gone.md", "x")):
        store.write_report(text, name=str(path.relative_to(store.folder)))
        store.own(path, command="bench compare dpo simpo")
    store.write_report("rates, and what I think of them", name="win_rates.md")
    (store.folder / "gone.md").unlink()
    assert store.retire() == ["win_rates.md"]
    assert not figure.exists()
    assert (store.folder / "figures" / "mine.png").read_text() == "notes"
    assert store.retire() == [], "what was retired is recorded no more"


def _made(store: ResultStore, name: str, text: str, **about: str) -> None:
    store.write_report(text, name=name)
    store.own(store.folder / name, command="bench compare dpo", **about)


def test_a_figure_that_is_to_be_made_from_the_same_again_stays(store: ResultStore):
    for name in ("figures/same.png", "figures/moved.png", "figures/by hand.png"):
        _made(store, name, "drawn", made_from=f"rows of {name}")
    _made(store, "report.md", "report")
    store.write_report("redrawn", name="figures/by hand.png")
    wanted = {f"figures/{name}.png": f"rows of figures/{name}.png" for name in ("same", "by hand")}
    assert store.retire(keep=wanted | {"figures/moved.png": "other rows"}) == ["figures/by hand.png"]
    assert {path.name for path in (store.folder / "figures").iterdir()} == {"same.png", "by hand.png"}
    assert store.is_as_made("figures/same.png", wanted["figures/same.png"])
    assert not store.is_as_made("figures/same.png", "other rows")
    assert not store.is_as_made("figures/by hand.png", wanted["figures/by hand.png"])
    assert store.retire() == [] and not (store.folder / "figures" / "same.png").exists()


def test_the_state_of_a_folder_moves_with_every_file_that_a_command_wrote(store: ResultStore):
    """Another command's documents, or documents that were changed since, are no state of this command."""
    command = "bench compare dpo"
    store.upsert_cells([{"cell": "a"}])
    store.merge_table("table.csv", frame([("dpo", 1, "auc")], 0.5), key=KEY)
    _made(store, "report.md", "report")
    store.write_report("notes", name="notes.md")
    state = store.state(command=command)
    assert set(state) == {"cells.jsonl", "table.csv", "report.md", ".documents.json"}
    assert store.state(command="bench compare simpo") == {}
    store.write_report("other notes", name="notes.md")
    assert store.state(command=command) == state
    for name in ("cells.jsonl", "table.csv"):
        before = (store.folder / name).read_text()
        store.write_report(before + "\n", name=name)
        assert store.state(command=command) != state
        store.write_report(before, name=name)
        assert store.state(command=command) == state
    store.write_report("report, and what I think of it", name="report.md")
    assert store.state(command=command) == {}


def test_the_stages_of_something_beside_the_cells_are_noted_by_what_was_made(store: ResultStore):
    store.note_stages("audit.stages.json", "dpo against sft", ["sft/b", "sft/a"])
    path = store.note_stages("audit.stages.json", "ipo against sft", ["sft/c"])
    store.note_stages("audit.stages.json", "ipo against sft", ["sft/d"])
    assert json.loads(path.read_text()) == {"dpo against sft": ["sft/a", "sft/b"], "ipo against sft": ["sft/d"]}
