"""A method with a further policy, from the plan to the end: trained before, shared, and resumed in the middle.

And every other method that reads more than an example's own log-probabilities, once through all its stages.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch
from harness import MICRO, execute
from safetensors.torch import load_file

from benchbench import methods
from benchbench.core.method import Candidates
from benchbench.store.runs import RunStore

from .artefacts import run

GUIDED = """name: tgdpo_micro
setting: {micro}
method: {{name: tgdpo}}
preference: {{anchors: {{guide: {{recipe: dpo}}}}}}
"""
QUICK = "sft.max_steps=2"


@pytest.fixture
def guided(tmp_path: Path) -> Path:
    """A recipe of TGDPO whose guide is what DPO trains in the same setting."""
    path = tmp_path / "tgdpo_micro.yaml"
    path.write_text(GUIDED.format(micro=MICRO), encoding="utf-8")
    return path


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def test_a_guide_is_trained_first_and_is_the_cell_of_its_own_comparison(tmp_path: Path, guided: Path):
    alone = run(tmp_path, [str(guided)], QUICK)
    assert alone.done()
    order = [alone.lock(key)["title"] for key in alone.status]
    guide = "log-probabilities of anchor guide seed 1"
    assert order.index("dpo seed 1") < order.index(guide) < order.index("tgdpo seed 1")
    first, *later = alone.log("tgdpo seed 1")
    assert first["loss"] == pytest.approx(0.693147, rel=1e-5), "policy and reference are equal, whatever the guide says"
    trained = alone.record("dpo seed 1")
    both = run(tmp_path, ["dpo", str(guided)], QUICK)
    assert both.done() and set(alone.status) < set(both.status)
    assert both.record("dpo seed 1") == trained, "not trained twice"
    plain = both.log("dpo seed 1")
    assert [line["loss"] for line in later] != [line["loss"] for line in plain[1:]], "the guide changes the loss"


def test_training_with_a_guide_goes_on_where_it_was_stopped(tmp_path: Path, guided: Path):
    """To the bit, as one that was never stopped."""
    whole = run(tmp_path / "whole", [str(guided)], QUICK)
    shutil.copytree(whole.runs, tmp_path / "again" / "runs")
    again = replace(whole, runs=tmp_path / "again" / "runs")
    folder = again.folder("tgdpo seed 1")
    spec = next(spec for spec in planned(tmp_path / "again", guided) if spec.title == "tgdpo seed 1")
    shutil.rmtree(folder)
    steps = count()
    store = RunStore(again.runs)
    assert execute(spec, store, should_stop=lambda: next(steps) >= 2).status == "interrupted"
    assert execute(spec, store).status == "done"
    ours, theirs = weights(folder), weights(whole.folder("tgdpo seed 1"))
    assert all(torch.equal(ours[name], weight) for name, weight in theirs.items())


def planned(folder: Path, recipe: Path) -> list:
    """The stages of the plan."""
    from benchbench.commands.compare.run import CompareRequest, prepare_comparison
    from benchbench.commands.run_plan import RunOptions

    request = CompareRequest([str(recipe)], str(MICRO), ["1"], overrides=[QUICK])
    return list(prepare_comparison(request, RunOptions(runs=folder / "runs")).session.plan.stages.values())


IN_MEMORY = (
    "distribution",
    "mismatched",
    "live_reference",
    "anchors",
    "prompt_embedding",
    "prompt_class",
    "activations",
    "rival",
)
WIDE = [
    name
    for name, method in ((name, methods.get(name)) for name in methods.names())
    if not (method.roles or method.token_weights)  # trained on what a transform makes: test_methods_on_transforms.py
    and not method.need("value")  # trained on draws: test_online.py
    and (method.head is not None or any(method.need(need) for need in IN_MEMORY))
]
MORE = {
    "tgdpo": ("preference.anchors={guide: {policy: base}}",),
    "mrpo": ("preference.anchors={second: {policy: base}, third: {policy: sft}}",),
    "tr_dpo": ("method.hyper.ref_model_sync_steps=1",),
}


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the methods' stages are filed, so that those which are the same for several run once."""
    return tmp_path_factory.mktemp("shared")


@pytest.mark.parametrize("name", WIDE)
def test_a_method_that_reads_more_trains(shared_folder: Path, name: str):
    rows: tuple[str, ...] = ()
    if methods.get(name).candidates is Candidates.LABELLED:
        rows = ("data.transforms=[{name: unpaired_from_pairs, splits: [train]}]",)
    done = run(shared_folder, [name], QUICK, *rows, *MORE.get(name, ()))
    assert done.done(), done.status
    log = done.log(f"{name} seed 1")
    assert len(log) == 3 and all(line["loss"] == line["loss"] for line in log)
