"""Data that a stage makes: pairs from a policy's own responses, on which preference stages train."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import MICRO, execute, generate_section

from benchbench import stages
from benchbench.commands.resolve import resolve
from benchbench.core.data_ref import DataRef
from benchbench.core.records import StageRecord, StageSpec
from benchbench.plan.graph import Plan
from benchbench.plan.prepare import prepare
from benchbench.plan.roles import Roles
from benchbench.recipe.overrides import parse_overrides
from benchbench.stages.settings import StageRun
from benchbench.store.runs import RunStore

MADE = "longer"
KINDS = Path(__file__).parent / "kinds"
SETS = (
    "generate.num_samples=2",
    *(f"preference.{name}" for name in (f"split={MADE}", "max_steps=4", "global_batch_size=2", "save_steps=1")),
)


@pytest.fixture(autouse=True)
def kind_of_the_tests() -> Iterator[None]:
    """A kind of stage is a folder on the room's path."""
    stages.__path__.append(str(KINDS))
    yield
    stages.__path__.remove(str(KINDS))


@dataclass
class World:
    """A plan whose preference stages read what the `longest_first` stage makes."""

    plan: Plan
    store: RunStore
    preference: dict[str, str]
    """Method -> key of its preference stage."""
    pairs: set[str]
    """Keys of the stages that make pairs."""

    def run(self, upto: str, **more: object) -> StageRecord:
        """Run a stage and all before it; the record of the last."""
        spec = self.plan.stages[upto]
        for needed in spec.inputs.values():
            assert self.run(needed).status == "done", self.store.record(needed)
        return execute(spec, self.store, **more)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path, tmp_path / "runs")


def make_world(folder: Path, runs: Path, *sets: str) -> World:
    setting = folder / "setting.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8") + generate_section(prompts=8, tokens=6), encoding="utf-8")
    plan, preference, pairs = Plan(), dict[str, str](), set[str]()
    for method in ("dpo", "simpo"):
        loaded = resolve(method, setting=str(setting), overrides=parse_overrides((*SETS, *sets)))
        prepared = prepare(loaded, runs)
        first = Roles(plan, loaded, prepared, 1, "test")
        responses = first.generate(first.sft())
        assert responses is not None
        prompts = plan.stages[responses]
        settings = stages.settings_class("longest_first")(data=prompts.settings.data, split=MADE)  # type: ignore[call-arg]
        run = StageRun(data_key=prompts.run.data_key)
        made = plan.add(StageSpec("longest_first", "pairs", settings, {"responses": responses}, run))
        pairs.add(made)
        preference[method] = Roles(plan, loaded, prepared, 1, "test", {MADE: made}).preference()
    return World(plan, RunStore(runs), preference, pairs)


def test_a_preference_stage_trains_on_pairs_that_a_stage_made(world: World):
    record = world.run(world.preference["dpo"])
    assert record.status == "done", record.message
    (made,) = world.pairs
    count = world.store.record(made).summary[MADE]
    assert count >= 2
    assert record.summary["examples"] == count and record.summary["steps"] == 4


def test_what_was_made_is_shared_by_methods_and_by_the_anchor(world: World):
    assert len(world.pairs) == 1, "one stage makes the pairs of both methods"
    (made,) = world.pairs
    readers = [spec for spec in world.plan.stages.values() if spec.inputs.get("data") == made]
    assert {spec.kind for spec in readers} == {"preference", "score"}
    for spec in readers:
        assert spec.settings.data == DataRef(MADE, made_by=made)


def test_other_pairs_make_another_stage_of_everything_that_reads_them(world: World, tmp_path: Path):
    other = make_world(tmp_path, tmp_path / "runs", "generate.temperature=0.5")
    assert not other.pairs & world.pairs
    assert not set(other.preference.values()) & set(world.preference.values())
    same = make_world(tmp_path, tmp_path / "runs")
    assert same.preference == world.preference and same.pairs == world.pairs


def test_training_on_made_pairs_resumes_where_it_stopped(world: World, tmp_path: Path):
    whole = make_world(tmp_path, tmp_path / "whole")
    key = world.preference["dpo"]
    assert whole.preference["dpo"] == key
    calls = iter([False, True])
    stopped = world.run(key, should_stop=lambda: next(calls, True))
    assert stopped.status == "interrupted"
    assert world.run(key).status == whole.run(key).status == "done"
    logs = [(each.store.folder(key) / "train.jsonl").read_bytes() for each in (world, whole)]
    assert logs[0] == logs[1]


def test_pairs_that_were_edited_are_refused(world: World):
    (made,) = world.pairs
    assert world.run(made).status == "done"
    path = world.store.folder(made) / "examples" / f"{MADE}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[0]["candidates"] = rows[0]["candidates"][::-1]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    anchor = world.plan.stages[world.preference["dpo"]].inputs["reference"]
    record = world.run(anchor)
    assert record.status == "failed" and record.summary["exit_code"] == 5
    assert "expected the stage as it was finished, found changes" in record.message


def test_a_split_is_prepared_or_made_and_never_both():
    for wrong in ({}, {"hash": "1", "made_by": "a/b"}):
        with pytest.raises(ValueError, match="expected a content hash, or the stage that makes it"):
            DataRef("pairs", **wrong)
