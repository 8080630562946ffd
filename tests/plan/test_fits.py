"""Rounds of two fits: where each starts, what its anchor is, who draws, and what a single fit is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from harness import MICRO, generate_section

from benchbench.commands.compare.ledger.planned import planned
from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.plan_rounds import planned_rounds
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.store.runs import RunStore

Prepare = Callable[..., PreparedComparison]
PLAIN = "temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0, repetition_penalty: 1.0"
ROUNDS = f"""rounds:
  count: 2
  prompts: {{split: train, per_round: 8}}
  sampler: {{name: policy, num_samples: 2, {PLAIN}, max_new_tokens: 4}}
  oracle: {{name: gold}}
  selector: {{name: best_worst}}
"""


@pytest.fixture
def prepared(tmp_path: Path) -> Prepare:
    """The comparison of one recipe in rounds."""
    setting = tmp_path / "micro.yaml"
    setting.write_text(MICRO.read_text(encoding="utf-8") + generate_section(prompts=2, tokens=4), encoding="utf-8")
    (tmp_path / "onpo.yaml").write_text(
        f"name: onpo\nsetting: micro\nmethod: {{name: onpo}}\npreference: {{max_steps: 2}}\n{ROUNDS}", encoding="utf-8"
    )

    def prepare(*sets: str) -> PreparedComparison:
        request = CompareRequest([str(tmp_path / "onpo.yaml")], str(setting), ["1"], overrides=list(sets))
        return prepare_comparison(request, RunOptions(runs=tmp_path / "runs"))

    return prepare


def inputs_of(comparison: PreparedComparison) -> Mapping[str, Mapping[str, str]]:
    """Title -> name of input -> title of the stage; of the anchor that of its policy."""
    stages = comparison.session.plan.stages

    def title(name: str, key: str) -> str:
        return stages[stages[key].inputs["policy"] if name == "previous" else key].title

    return {spec.title: {name: title(name, key) for name, key in spec.inputs.items()} for spec in stages.values()}


def test_the_second_fit_starts_from_the_first_and_the_first_from_its_last_self(prepared: Prepare):
    inputs = inputs_of(prepared("rounds.fits=2"))
    assert [inputs[f"onpo round {n} auxiliary seed 1"]["policy"] for n in (1, 2)] == [
        "sft seed 1",
        "onpo round 1 auxiliary seed 1",
    ]
    for number in (1, 2):
        first, second = inputs[f"onpo round {number} auxiliary seed 1"], inputs[f"onpo round {number} seed 1"]
        assert second["policy"] == f"onpo round {number} auxiliary seed 1"
        assert (first["previous"], second["previous"]) == (first["policy"], second["policy"])
        assert first["data"] == second["data"]
    assert inputs["rollout round 2 seed 1 of onpo on train"]["policy"] == "onpo round 1 seed 1"
    assert inputs["onpo round 2 seed 1"]["kept_policy"] == "onpo round 1 seed 1", "a round without rows changes nothing"


def test_the_first_fit_of_the_first_round_is_the_one_of_a_round_that_has_one(prepared: Prepare):
    (two,), (one,) = (prepared(*sets).session.plan.cells[:1] for sets in (["rounds.fits=2"], []))
    assert two.rounds[0].auxiliary == one.rounds[0].policy and one.rounds[0].auxiliary is None


def test_steps_and_stages_of_both_are_counted(prepared: Prepare, tmp_path: Path):
    """By hand: two rounds of two fits of two steps."""
    comparison = prepared("rounds.fits=2")
    session = comparison.session
    assert planned(comparison.loaded, session.prepared, session.plan)["onpo"][0].steps == 8
    (rounds,) = planned_rounds(session.plan, RunStore(tmp_path / "runs"))
    assert rounds.stages == "rollout, label, select, 2 score, 2 preference"


def test_a_loss_without_such_an_anchor_has_one_fit(prepared: Prepare):
    with pytest.raises(BenchError, match="rounds.fits: expected 1: the fits of a round differ in their anchor, and"):
        prepared("rounds.fits=2", "method.name=simpo")
