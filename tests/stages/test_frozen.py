"""Frozen policies in memory: whose weights they are, and that nothing moves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from harness import MICRO, execute
from safetensors.torch import load_file

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.models.load import build_base
from benchbench.stages.context import StageContext
from benchbench.stages.frozen import frozen_policy
from benchbench.store.runs import RunStore

Prepared = Callable[..., StageContext[Any]]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """The preference stage of a method in the micro setting, with the stages done that it reads weights of."""

    def prepare(method: str, *sets: str) -> StageContext[Any]:
        request = CompareRequest([method], str(MICRO), ["1"], overrides=[*sets])
        stages = prepare_comparison(request, RunOptions(runs=tmp_path / "runs")).session.plan.stages
        store = RunStore(tmp_path / "runs")
        for spec in stages.values():
            if spec.kind == "sft":
                assert execute(spec, store).status == "done"
        spec = next(spec for spec in stages.values() if spec.kind == "preference")
        folder = store.folder(spec.key)
        return StageContext(spec, folder, tmp_path / "runs", torch.device("cpu"), lambda event: None, lambda: False)

    return prepare


def test_it_is_the_policy_of_the_stage_that_the_input_names(prepared: Prepared):
    context = prepared("tdpo_token2", "sft.max_steps=1")
    assert context.spec.inputs["anchor_policy"] == context.spec.inputs["policy"]
    present = frozen_policy(context, "anchor_policy").state_dict()
    saved = load_file(context.input("policy") / "model" / "model.safetensors")
    common = saved.keys() & present.keys()
    assert len(common) >= len(saved) - 1, "the output embedding has another name on disk"
    assert all(torch.equal(present[name], saved[name]) for name in common)


def test_without_such_an_input_it_is_the_base_model_of_the_seed(prepared: Prepared):
    """Where the policy starts, too."""
    context = prepared("tdpo_token2", "sft=null", "reward_model=null", "preference.reference=base")
    assert "anchor_policy" not in context.spec.inputs
    model = frozen_policy(context, "anchor_policy")
    base = build_base(context.model_spec(), context.tokenizer(), seed=1)
    for ours, drawn in zip(model.parameters(), base.parameters(), strict=True):
        assert torch.equal(ours, drawn)


def test_it_has_no_gradient_and_no_dropout(prepared: Prepared):
    context = prepared("tdpo_token2", "sft.max_steps=1", "model.from_config.hidden_dropout=0.5")
    model = frozen_policy(context, "anchor_policy")
    assert not model.training and not any(weight.requires_grad for weight in model.parameters())
    assert all(layer.p == 0 for layer in model.modules() if isinstance(layer, torch.nn.Dropout))
