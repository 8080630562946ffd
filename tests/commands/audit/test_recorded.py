"""Stages read from their lock files: what is not whole is counted and left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from harness import finish

from benchbench.commands.audit.recorded import recorded_cells, recorded_plan
from benchbench.store.runs import RunStore


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One method at one seed, and the same with another hyper-parameter."""
    root = tmp_path_factory.mktemp("recorded") / "runs"
    assert set(finish(["dpo"], runs=root).values()) == {"done"}
    assert set(finish(["dpo"], runs=root, sets=["method.hyper.beta=0.5"]).values()) == {"done"}
    return root


def test_every_finished_stage_is_read_and_rows_of_one_name_are_numbered(runs: Path):
    plan, unread = recorded_plan(RunStore(runs))
    assert unread == 0
    assert {spec.kind for spec in plan.stages.values()} >= {"sft", "preference", "score"}
    assert all(spec.key == key for key, spec in plan.stages.items())
    cells = recorded_cells(plan)
    assert [(cell.label, cell.seed) for cell in cells] == [("dpo", 1), ("dpo (2)", 1), ("sft", 1)]
    assert all(cell.rows is not None and plan.stages[cell.rows].settings.data.split == "test" for cell in cells)


def test_stages_that_rest_on_something_missing_are_counted(runs: Path, tmp_path: Path):
    """Without the SFT stage nothing can be read of what rests on it; a lock that is cut short is no stage."""
    copy = Path(shutil.copytree(runs, tmp_path / "runs"))
    whole, _ = recorded_plan(RunStore(copy))
    (sft,) = [key for key, spec in whole.stages.items() if spec.kind == "sft"]
    resting = sum(sft in whole.under([key]) for key in whole.stages)
    (copy / sft / "lock.yaml").write_text("kind: sft\n", encoding="utf-8")
    plan, unread = recorded_plan(RunStore(copy))
    assert unread == resting and len(plan.stages) == len(whole.stages) - resting
    assert recorded_cells(plan) == []
