"""A plan of what is not here: the same stages as with the data, under keys that are no stage's."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO

from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.core.errors import BenchError
from benchbench.plan.assumed import assumptions, named_splits
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import parse_overrides

ELSEWHERE = "data={source: local_files, options: {files: {train: none.jsonl}}}"


def loaded(*sets: str) -> Loaded:
    return resolve("dpo", setting=str(MICRO), overrides=parse_overrides(sets))


def test_the_stages_are_those_that_would_run(tmp_path: Path):
    options = RunOptions("cpu", runs=tmp_path, dry_run=True)
    here = open_session([loaded()], (1, 2), options)
    assumed = open_session([loaded(ELSEWHERE)], (1, 2), options)
    titles = [[spec.title for spec in session.plan.stages.values()] for session in (here, assumed)]
    assert titles[0] == titles[1] and here.assumed == ()
    assert not set(here.plan.stages) & set(assumed.plan.stages)
    assert assumed.assumed == tuple(assumptions(assumed.prepared[0], loaded(ELSEWHERE)))
    assert [line.split(":")[0] for line in assumed.assumed][-2:] == ["assumed", "planned from the recipe alone"]
    assert "none.jsonl: no such file or folder" in assumed.assumed[0]


def test_only_a_dry_run_assumes(tmp_path: Path):
    with pytest.raises(BenchError, match="no such file or folder") as caught:
        open_session([loaded(ELSEWHERE)], (1,), RunOptions("cpu", runs=tmp_path))
    assert caught.value.status == 5


def test_what_can_be_known_without_the_data_is_still_refused(tmp_path: Path):
    """A recipe that contradicts itself has no plan, wherever its data are."""
    with pytest.raises(BenchError, match=r"preference\.reference: expected base"):
        loaded(ELSEWHERE, "sft=null", "reward_model=null")


def test_every_section_that_reads_a_split_is_asked():
    assert named_splits(loaded()) == ["sft", "reward", "train", "test"]
