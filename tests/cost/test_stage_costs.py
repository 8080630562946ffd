"""What stages of real recipes take: draws in training, the further pass of losses that see a step, paid oracles."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from harness import MICRO

from benchbench.commands.costs import dry_run
from benchbench.commands.costs.run import costs_of
from benchbench.commands.resolve import resolve
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.commands.stage_estimates import crowded_line, with_engine_devices, with_host_memory
from benchbench.core.records import StageSpec
from benchbench.cost.context import StageCost
from benchbench.cost.judging import asks_for_pay
from benchbench.cost.memory import KERNEL_BYTES, KERNELS, MemoryNeed, generation_memory, host_bytes, kernel_bytes
from benchbench.cost.shapes import DecoderShape, model_shape
from benchbench.recipe.overrides import parse_overrides
from benchbench.run.executor import StageNeeds
from benchbench.stages.label.settings import LabelSettings, OracleSettings
from tests.stages.test_online import recipe


def trained(target: str, runs: Path, *sets: str) -> StageCost:
    """The cost of a recipe's preference stage; nothing is tokenised."""
    loaded = resolve(target, setting=str(MICRO), overrides=parse_overrides(list(sets)))
    session = open_session([loaded], [1], RunOptions("cpu", runs=runs, dry_run=True))
    costs = costs_of(session, "cpu", counted=False)
    return next(cost for cost in costs.values() if cost.kind == "preference")


def drawing(folder: Path, iterations: int) -> StageCost:
    path = recipe(folder, "{name: ppo}", more=f"  steps_per_generation: 1\n  num_iterations: {iterations}\n")
    return trained(str(path), folder / "runs", "preference.max_steps=null")


def test_rows_that_are_drawn_are_trained_on_as_often_as_the_recipe_says(tmp_path: Path):
    """The reward model and the reference are in memory, and score three responses to each prompt once."""
    single, twice = drawing(tmp_path, 1), drawing(tmp_path, 2)
    assert single.train is not None and single.train.frozen_models == 2
    assert twice.drawn_tokens == single.drawn_tokens > 0
    assert single.work["training"] < twice.work["training"] < 2 * single.work["training"]
    assert "rows are drawn" in single.origin


def test_all_turns_of_responses_that_call_a_tool_are_counted(tmp_path: Path):
    """Six turns of at most 10 tokens, in a rollout and in the answers that are judged.

    Rows of the round are as long as such a response: 60 tokens of the policy, and 5 times 9 of calls.
    """
    loaded = resolve(
        "dpo@multiturn",
        setting="calculator",
        overrides=parse_overrides(["rounds.count=1", "generate.engine=transformers"]),
    )
    session = open_session([loaded], [42], RunOptions("cpu", runs=tmp_path, dry_run=True), with_samples=True)
    costs = costs_of(session, "cpu", counted=False).values()
    drawn = {cost.kind: cost.drawn_tokens for cost in costs if cost.drawn_tokens}
    assert drawn == {"rollout": 4 * 1000 * 60, "generate": 300 * 60}
    rows = next(cost.train for cost in costs if cost.kind == "preference")
    assert rows is not None and rows.row == 105


@pytest.mark.parametrize(("target", "passes"), [("dpo", 0), ("alpha_dpo", 1)])
def test_a_loss_that_sees_the_step_has_a_forward_pass_more(target: str, passes: int, tmp_path: Path):
    cost = trained(target, tmp_path, "preference.per_device_train_batch_size=2")
    assert cost.train is not None and cost.train.several
    assert sum("sees the whole step" in note for note in cost.notes) == passes


@pytest.mark.parametrize(
    ("oracle", "options", "is_paid"),
    [
        ("judge", {"judge": "chat_endpoint"}, True),
        ("judge", {"judge": "reward_model"}, False),
        ("reward_stage", {"tau": 1.0}, False),
    ],
)
def test_a_label_stage_that_asks_an_endpoint_has_a_price_that_is_not_known(
    oracle: str, options: dict[str, Any], is_paid: bool
):
    settings = LabelSettings.model_construct(oracle=OracleSettings.model_construct(name=oracle))
    spec: Any = SimpleNamespace(settings=settings, run=SimpleNamespace(options=options))
    assert asks_for_pay(spec) is is_paid


def test_the_memory_line_counts_the_stages_that_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    known = trained("dpo", tmp_path)
    unknown = [StageCost(f"label/{number}", "label", "label", {}, unknown=("its oracle",)) for number in range(2)]
    costs = {cost.key: cost for cost in (known, *unknown)}
    monkeypatch.setattr(dry_run, "costs_of", lambda *_, **__: costs)
    session: Any = SimpleNamespace(options=RunOptions("cpu"), assumed=("the data",))
    planned = dry_run.planned_memory([session], RunOptions("cpu", runs=tmp_path).store)
    assert planned is not None
    assert planned.line.endswith("; not known for 2 stages: its oracle")


def test_an_engine_is_spread_over_as_many_cards_as_its_model_needs():
    """Weights of 128 GiB: two cards of 75 GiB, one of 140; three heads are not divided among two."""
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 32,
        "vocab_size": 8,
    }
    shape = model_shape({"model_type": "llama", **sizes})
    assert isinstance(shape, DecoderShape)
    shape = replace(shape, outer_weights=2**36)
    draws = StageSpec("generate", "draws", {}, {}, {})

    def cards(shape: DecoderShape, usable: float, *, engine: bool = True) -> tuple[float, int]:
        def memory(devices: int) -> MemoryNeed:
            return generation_memory(shape, bytes_per_weight=2, sequences=1, length=8, devices=devices)

        costs = {draws.key: StageCost(draws.key, "generate", "draws", {}, memory=memory)}
        needs = with_engine_devices(lambda spec: StageNeeds(engine=engine), costs, usable * 2**30)(draws)
        return needs.devices, needs.engine_devices

    assert [cards(shape, usable) for usable in (140, 75, 40)] == [(1, 1), (2, 2), (4, 4)]
    assert cards(replace(shape, heads=3, query_width=48, key_width=48), 75) == (1, 1)
    assert cards(shape, 75, engine=False) == (1, 1)


def test_kernels_are_one_for_each_size_of_a_layer_and_microbatch_and_two_more_with_gradients_up_to_what_is_kept():
    """A layer of gpt_neox has four linear layers of four sizes, the head is a fifth."""
    sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
    shape = model_shape({"model_type": "gpt_neox", "vocab_size": 8, **sizes})
    assert isinstance(shape, DecoderShape)
    assert kernel_bytes(shape, 10, trains=False) == 50 * KERNEL_BYTES
    assert kernel_bytes(shape, 10, trains=True) == 150 * KERNEL_BYTES
    assert kernel_bytes(shape, math.inf, trains=True) == KERNELS * KERNEL_BYTES


def test_of_a_host_a_stage_asks_for_its_tensors_on_a_processor_and_for_its_weights_on_a_card():
    need = MemoryNeed({"weights": 2.0**30, "activations": 2.0**31}, "any")
    assert host_bytes(need, "cpu", 0.0) == int(1.7 * 3 * 2**30) + 2**30
    assert host_bytes(need, "cpu", 2.0**20) == host_bytes(need, "cpu", 0.0) + 2**20
    assert host_bytes(need, "cuda", 2.0**20) == 2 * 2**30
    spec = StageSpec("score", "scores", {}, {}, {})
    costs = {spec.key: StageCost(spec.key, "score", "scores", {}, memory=lambda _: need)}
    assert with_host_memory(lambda _: StageNeeds(), costs, "cuda")(spec).host_bytes == 2 * 2**30
    unknown = {spec.key: replace(costs[spec.key], memory=None)}
    assert with_host_memory(lambda _: StageNeeds(), unknown, "cuda")(spec).host_bytes == 0


def test_a_training_that_a_card_does_not_hold_is_named_with_what_would(tmp_path: Path):
    cost = replace(trained("dpo", tmp_path), memory=lambda world: MemoryNeed({"weights": 8 * 2**30 / world}, "any"))
    assert crowded_line([cost], 8 * 2**30, 1) == crowded_line([], 1, 1) == crowded_line([cost], 4 * 2**30, 2) == ""
    assert crowded_line([cost], 4 * 2**30, 1) == (
        "memory: dpo seed 1 is computed to need 8.0 GiB of a card, with rows at their longest, of which 4.0 are "
        "usable: --executor torchrun --world-size 2 --shard-layers holds it"
    )
    assert crowded_line([cost], 1, 1).endswith("bench plan --on says what would hold it")
