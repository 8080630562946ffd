"""Every section reports finite numbers at a tiny size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from benchmarks import training
from benchmarks.__main__ import SECTIONS
from benchmarks.children import Measured, Plan
from benchmarks.integrity import Costs, largest
from benchmarks.sections import Result, read, store
from benchmarks.worker import Task, make_ready

SLOW = (
    "bench-fp32",
    "feas-bf16",
    "k4-fp32",
    "scoring-fp32",
    "tokenisation",
    "start-up",
    "grid",
    "integrity",
    "generation",
    "shares",
)
"""One section of each kind; each starts processes of its own."""


def check(result: Result) -> None:
    """There are numbers, and they are finite."""
    numbers = [value for columns in result.table.values() for value in columns.values()]
    assert numbers and result.what
    assert all(math.isfinite(value) for value in (*numbers, *result.facts.values(), result.other_cores))


def in_this_process(tasks: Sequence[Task], plan: Plan) -> tuple[dict[str, Measured], float]:
    """One round of each variant; that processes take turns, tests of `children` show, and sections that are slow."""
    measured = {}
    for task in tasks:
        runner, mib = make_ready(task)
        done = runner()
        main, before = done.main, done.before
        measured[task.variant] = Measured(
            *(main.cpu_seconds, before.cpu_seconds, main.wall_seconds, before.wall_seconds, 2 * mib, mib),
            values=tuple(done.values),
            rounds=(main.cpu_seconds,),
        )
    return measured, 0.0


def test_ours_beside_trl_in_float32(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training, "in_turn", in_this_process)
    result = SECTIONS["bench-fp32"](quick=True)
    check(result)
    assert list(result.table) == ["ours", "TRL tuned"]
    assert result.table["ours"]["time, first row 1"] == 1
    assert result.facts["largest difference in loss, ours and TRL tuned"] < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_section_reports_finite_numbers(name: str):
    check(SECTIONS[name](quick=True))


def test_the_largest_share_of_hashes_is_of_each_setting():
    rows = {
        "micro, sft": Costs(2.0, 0.02, 0.04, 0.01, 1.0).row(),
        "micro, score": Costs(1.0, 0.01, 0.0, 0.03, 1.0).row(),
    }
    facts = largest(rows | {"tiny, sft": Costs(4.0, 0.0, 0.02, 0.01, 1.0).row()})
    assert facts == {
        "micro, largest share, first check": 0.03,
        "micro, largest share, checked again": 0.04,
        "tiny, largest share, first check": 0.005,
        "tiny, largest share, checked again": 0.0025,
    }


def test_sections_join_the_document_of_one_machine(tmp_path):
    path = tmp_path / "numbers.json"
    first = Result("a", {"x": {"seconds": 1.0}}, {}, 0.0)
    store(path, {"one": first})
    document = store(path, {"two": Result("b", {}, {"f": 2.0}, 1.5)})
    assert read(path) == document and list(document["sections"]) == ["one", "two"]
    assert not document["sections"]["one"]["busy"] and document["sections"]["two"]["busy"]


def test_sections_of_other_versions_are_dropped(tmp_path):
    path = tmp_path / "numbers.json"
    path.write_text('{"hardware": {}, "versions": {}, "sections": {"old": {}}}', encoding="utf-8")
    assert list(store(path, {"new": Result("a", {}, {}, 0.0)})["sections"]) == ["new"]
    assert read(tmp_path / "none.json") == {}
