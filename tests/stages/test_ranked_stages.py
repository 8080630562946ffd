"""Stages that two processes train together leave what one process leaves: files, record, and scores of the policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from harness import MICRO, execute

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageSpec
from benchbench.run.needs import needs_of
from benchbench.store.rows import read_rows
from benchbench.store.runs import RunStore
from benchbench.training.ranks import Ranks
from tests.training.ranked import Group, group

from .rounds import stopping_after
from .test_online import recipe


def stage_case(ranks: Ranks, *, root: str, values: Mapping[str, Any], looks: int | None = None) -> str | None:
    """Run one stage: the first process claims and records it, the second follows.

    Args:
        ranks: the processes.
        root: the `runs/` folder.
        values: of the stage.
        looks: after which the first process is to stop; none for never.
    """
    from benchbench import inputs
    from benchbench.stages.execute import execute as run_stage
    from benchbench.stages.execute import follow

    spec, store = StageSpec.from_json(values), RunStore(Path(root))

    def begin() -> None:
        ranks.from_first(lambda: None)

    if not ranks.is_first:
        begin()
        follow(spec, store, device="cpu", ranks=ranks, input_of=inputs.get)
        return None
    stop = (lambda: False) if looks is None else stopping_after(looks)
    how = {"ranks": ranks, "executor": "torchrun", "begin": begin, "should_stop": stop}
    return run_stage(spec, store, device="cpu", input_of=inputs.get, **how).status


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with group(2, tmp_path_factory.mktemp("pair")) as processes:
        yield processes


@pytest.fixture(scope="module")
def both(pair: Group, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[StageSpec, Path, Path]]:
    """Title -> stage, its folder of one process, and that of two: a pair loss, and draws with a critic in a buffer."""
    folder = tmp_path_factory.mktemp("both")
    online = "  steps_per_generation: 2\n  num_iterations: 2\n"
    drawn = recipe(folder, "{name: ppo}", more=online)
    stages: dict[str, tuple[StageSpec, Path, Path]] = {}
    for world in (1, 2):
        options = RunOptions("cpu", runs=folder / str(world))
        request = CompareRequest(["dpo", str(drawn)], str(MICRO), ["1"], pairs_only=True, allow_different=True)
        plan = prepare_comparison(request, options).session.plan
        for spec in plan.stages.values():
            if needs_of(spec, world_size=world).devices == 2:
                answers = pair.run(stage_case, root=str(options.store.root), values=spec.as_json())
                assert answers == ["done", None], options.store.record(spec.key)
            else:
                assert execute(spec, options.store).status == "done"
            stages[spec.title] = spec, folder / "1" / spec.key, folder / "2" / spec.key
    return stages


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "status.json").read_text())


def trained(both: Mapping[str, tuple[StageSpec, Path, Path]]) -> list[str]:
    return [title for title, (spec, _, _) in both.items() if spec.kind in ("sft", "reward_model", "preference")]


def test_every_kind_of_training_is_among_them(both: dict[str, tuple[StageSpec, Path, Path]]):
    assert {both[title][0].kind for title in trained(both)} == {"sft", "reward_model", "preference"}
    assert len(trained(both)) == 4


def test_a_stage_of_two_processes_leaves_the_files_of_one(both: dict[str, tuple[StageSpec, Path, Path]]):
    for title in trained(both):
        _, alone, together = both[title]
        names = [{str(path.relative_to(folder)) for path in folder.rglob("*")} for folder in (alone, together)]
        assert names[0] == names[1], title


def test_losses_are_alike_within_a_millionth(both: dict[str, tuple[StageSpec, Path, Path]]):
    for title in trained(both):
        alone, together = ((folder / "train.jsonl").read_text().splitlines() for folder in both[title][1:])
        for line, other in zip(map(json.loads, together), map(json.loads, alone), strict=True):
            assert line["loss"] == pytest.approx(other["loss"], abs=1e-6), title
            assert line["num_tokens"] == other["num_tokens"]


def test_scores_are_alike_within_a_hundred_thousandth(both: dict[str, tuple[StageSpec, Path, Path]]):
    scored = [title for title, (spec, _, _) in both.items() if spec.kind in ("score", "reward")]
    assert len(scored) > 3
    for title in scored:
        rows, others = (read_rows(folder) for folder in both[title][1:])
        pd.testing.assert_frame_equal(rows, others, rtol=0, atol=1e-5, check_exact=False)


def test_the_record_says_who_trained_and_the_fingerprint_does_not(both: dict[str, tuple[StageSpec, Path, Path]]):
    for title, (spec, alone, together) in both.items():
        about = [record(folder)["environment"] for folder in (alone, together)]
        is_trained = title in trained(both)
        assert [each["world_size"] for each in about] == [1, 2 if is_trained else 1]
        assert about[1]["executor"] == ("torchrun" if is_trained else "local")
        assert about[0]["host"]
        assert alone.name == together.name == spec.fingerprint


def test_only_the_first_process_draws_and_asks(both: dict[str, tuple[StageSpec, Path, Path]]):
    """What was drawn is counted once, and is the same as one process draws."""
    (title,) = [title for title in trained(both) if getattr(both[title][0].settings, "online", None)]
    counts = [record(folder)["summary"]["online"] for folder in both[title][1:]]
    assert counts[0]["responses"] == counts[1]["responses"] > 0
    assert counts[0]["labels"] == counts[1]["labels"] > 0
