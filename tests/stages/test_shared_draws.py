"""What two processes draw and judge together is what one does, to the bit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, execute, generate_section

from benchbench.commands.resolve import resolve
from benchbench.core.records import StageRecord, StageSpec
from benchbench.plan.build import build_plan
from benchbench.plan.prepare import prepare
from benchbench.recipe.overrides import parse_overrides
from benchbench.run.needs import needs_of
from benchbench.store.runs import RunStore
from tests.judges.classifiers import classifier_folder
from tests.training.ranked import Group, group

from .rounds import drawn
from .test_ranked_stages import stage_case
from .test_search_rounds import BEAM, DATA, section

KINDS = ("generate", "rollout", "judge")
FILES = {"generate": "generations.jsonl", "rollout": "examples/train.jsonl", "judge": "verdicts.jsonl"}
SETS = ("preference.global_batch_size=4", "sft.max_steps=2", "preference.max_steps=2", "generate.max_num_seqs=2")
MIXED = "name: geometric_mixture, options: {policy: 1.5, reference: -0.5}, num_samples: 3"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with group(2, tmp_path_factory.mktemp("pair")) as processes:
        yield processes


class Shared:
    """A cell whose stages one process has run, and the same again without what was drawn and judged."""

    def __init__(self, folder: Path, *sets: str, judged: bool = False) -> None:
        classifier_folder(folder / "judge")
        options = f"{{model_name_or_path: {folder / 'judge'}, max_length: 190, truncation: left}}"
        judge = f"judge:\n  name: reward_model\n  against: [chosen]\n  options: {options}\n" if judged else ""
        setting = folder / "setting.yaml"
        sections = generate_section(prompts=9, tokens=6, samples=1) + judge
        setting.write_text(MICRO.read_text(encoding="utf-8") + sections, encoding="utf-8")
        loaded = resolve("dpo", setting=str(setting), overrides=parse_overrides((*SETS, *sets)))
        self.alone = RunStore(folder / "alone")
        prepared = prepare(loaded, self.alone.root)
        self.stages = build_plan([(loaded, prepared, (1,))], with_samples=judged).stages
        for spec in self.stages.values():
            assert execute(spec, self.alone).status == "done"
        self.store = RunStore(folder / "together")
        shutil.copytree(self.alone.root, self.store.root, ignore=shutil.ignore_patterns(*KINDS, "verdicts", "leases"))

    def of(self, kind: str) -> list[StageSpec]:
        """The stages of a kind, in the order in which they run."""
        return [spec for spec in self.stages.values() if spec.kind == kind]

    def run(self, pair: Group, spec: StageSpec, **more: Any) -> StageRecord:
        """What two processes make of a stage."""
        assert needs_of(spec, world_size=2).devices == 2
        answers = pair.run(stage_case, root=str(self.store.root), values=spec.as_json(), **more)
        record = self.store.record(spec.key)
        assert record is not None
        assert answers == [record.status, "interrupted" if record.status == "interrupted" else None], record.message
        return record

    def contents(self, spec: StageSpec) -> list[bytes]:
        """What one process left of a stage, and what two did."""
        return [(store.folder(spec.key) / FILES[spec.kind]).read_bytes() for store in (self.alone, self.store)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """A round, responses to nine prompts in batches of two, and verdicts of a classifier."""
    return Shared(tmp_path_factory.mktemp("shared"), drawn(count=1), judged=True)


def test_responses_and_verdicts_are_those_of_one_process(shared: Shared, pair: Group):
    for kind in KINDS:
        assert shared.of(kind)
        for spec in shared.of(kind):
            record, alone = shared.run(pair, spec), shared.alone.record(spec.key)
            assert alone is not None and record.status == "done", record.message
            first, second = shared.contents(spec)
            assert first == second and first, spec.title
            assert (record.tokens, record.summary) == (alone.tokens, alone.summary)
            assert (record.environment["world_size"], record.environment["executor"]) == (2, "torchrun")
            names = [
                {path.name for path in store.folder(spec.key).rglob("*")} for store in (shared.alone, shared.store)
            ]
            assert names[0] == names[1]


def test_a_rollout_that_two_processes_began_is_finished_by_one(shared: Shared, pair: Group):
    """Parts are cut alike whatever the number of processes, so those that are there are not drawn again."""
    (spec,) = shared.of("rollout")
    shutil.rmtree(shared.store.folder(spec.key))
    assert shared.run(pair, spec, looks=1).status == "interrupted"
    parts = sorted((shared.store.folder(spec.key) / "parts").glob("part-*"))
    assert [path.name for path in parts] == ["part-00000.jsonl", "part-00001.jsonl"]
    assert execute(spec, shared.store).status == "done"
    first, second = shared.contents(spec)
    assert first == second


@pytest.mark.parametrize(
    "sets",
    [(drawn(count=2, sampler=MIXED),), (DATA, section(BEAM.replace("GROUPS", "")))],
    ids=["mixture", "search"],
)
@pytest.mark.slow
def test_what_several_models_or_a_search_draw_is_shared_out_too(sets: tuple[str, ...], pair: Group, tmp_path: Path):
    made = Shared(tmp_path, *sets)
    for spec in made.of("rollout"):
        assert made.run(pair, spec).status == "done"
        first, second = made.contents(spec)
        assert first == second and first
