"""Memory of a step: by hand, and compared with the bytes of tensors that are there when there are most of them."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.cost.activations import Precision
from benchbench.cost.memory import TrainingShape, generation_memory, scoring_memory, training_memory
from benchbench.cost.shapes import DecoderShape, model_shape
from benchbench.models.layout import use_packed_rows
from benchbench.models.load import add_lora, use_checkpointing
from benchbench.models.logps import token_logps
from benchbench.models.rotary import use_quick_rotary
from tests.cost.toys import COMMON, batch_of

PROMPT, RESPONSE = 128, 96
LORA = {"lora_target_modules": "all-linear", "lora_r": 4, "lora_alpha": 4, "lora_dropout": 0.0}
LAYERS = 6


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all storages that operations make, as long as they live."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._note(tensor.untyped_storage())
        return result

    def watch(self, model: torch.nn.Module) -> None:
        """Leave out what is there before."""
        for parameter in model.parameters():
            self._sizes[parameter.untyped_storage()._cdata] = 0

    def _note(self, storage: torch.UntypedStorage) -> None:
        name = storage._cdata
        if name in self._sizes:
            return
        self._sizes[name] = storage.nbytes()
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, name)

    def _forget(self, name: int) -> None:
        self.now -= self._sizes.pop(name, 0)


def values_of(family: str) -> dict[str, Any]:
    shared = {"num_key_value_heads": 2} if family == "llama" else {}
    return {"model_type": family, **COMMON, **shared, "num_hidden_layers": LAYERS}


def shape_of(family: str) -> DecoderShape:
    shape = model_shape(values_of(family))
    assert isinstance(shape, DecoderShape)
    return shape


def peak_of_a_step(train: TrainingShape, batch: Any, *, scores: bool = False) -> int:
    """The most bytes of a forward and a backward pass, or of a pass that scores, beside the weights."""
    config = AutoConfig.for_model(**values_of(train.shape.family))
    model: Any = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    use_packed_rows(model)
    use_quick_rotary(model)
    model = add_lora(model, LORA, seed=0) if train.adapter_rank else model
    model.train()
    if train.checkpointed:
        use_checkpointing(model)
    gc.collect()
    live = LiveBytes()
    live.watch(model)
    with live:
        autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=train.precision.has_casts)
        with torch.set_grad_enabled(not scores), autocast:
            logps = token_logps(model, batch).token
        if not scores:
            logps.sum().backward()
    return live.peak


@pytest.mark.parametrize("numerics", ["float32", "autocast"])
@pytest.mark.parametrize("family", ["gpt_neox", "llama"])
def test_the_most_bytes_of_a_pass_that_scores(family: str, numerics: Any):
    """Under autocast attention is the largest part of a layer, and casts of all weights are kept."""
    batch = batch_of(4, PROMPT, RESPONSE)
    assert batch.packed is not None
    tokens, scored, precision = batch.packed.ids.numel(), int(batch.response.sum()), Precision(numerics, "cpu")
    need = scoring_memory(shape_of(family), precision, tokens=tokens, scored=scored)
    train = TrainingShape(shape_of(family), precision, tokens, scored, PROMPT + RESPONSE, several=False)
    step = need.bytes - need.parts["weights"]
    assert step == pytest.approx(peak_of_a_step(train, batch, scores=True), rel=0.15)


@pytest.mark.parametrize("lora", [False, True], ids=["full", "LoRA"])
@pytest.mark.parametrize("checkpointed", [False, True], ids=["kept", "checkpointed"])
@pytest.mark.parametrize("numerics", ["float32", "autocast"])
@pytest.mark.parametrize("family", ["gpt_neox", "llama"])
def test_the_most_bytes_of_a_step(family: str, numerics: Any, checkpointed: bool, lora: bool):
    """Checkpointed GPT-NeoX and adapters on all linear layers, which simpler sums miss, among them."""
    batch = batch_of(4, PROMPT, RESPONSE)
    assert batch.packed is not None
    train = TrainingShape(
        shape_of(family),
        Precision(numerics, "cpu"),
        tokens=batch.packed.ids.numel(),
        scored=int(batch.response.sum()),
        row=PROMPT + RESPONSE,
        several=False,
        checkpointed=checkpointed,
        adapter_rank=LORA["lora_r"] if lora else 0,
    )
    need = training_memory(train)
    step = need.bytes - need.parts["weights"] - need.parts["optimizer"]
    assert step == pytest.approx(peak_of_a_step(train, batch), rel=0.15)


def by_hand() -> TrainingShape:
    return TrainingShape(shape_of("llama"), Precision("float32", "cuda"), 1000, 500, 1000, several=False)


def test_what_stays_is_sixteen_bytes_a_weight():
    train = replace(by_hand(), several=True, checkpointed=True, tokens=1)
    parts, weights = training_memory(train).parts, train.shape.weights
    assert parts["weights"] + parts["optimizer"] == 12 * weights
    assert parts["gradients"] == pytest.approx(4 * weights, rel=0.1)  # and one more before it is added


def test_adapters_have_gradients_and_moments_and_the_base_has_none():
    train = replace(by_hand(), adapter_rank=4, several=True)
    parts, adapters = training_memory(train).parts, train.trained_weights
    assert parts["weights"] == 4 * (train.shape.weights + adapters)
    assert (parts["optimizer"], parts["gradients"]) == (8 * adapters, 4 * adapters)


def test_a_frozen_model_and_a_second_policy_count():
    train = by_hand()
    plain, frozen = training_memory(train), training_memory(replace(train, frozen_models=1))
    assert frozen.parts["weights"] == 2 * plain.parts["weights"]
    second = training_memory(replace(train, trained_models=2))
    assert second.parts["optimizer"] == 2 * plain.parts["optimizer"]


def test_an_ascent_keeps_the_weights_and_no_moments():
    plain = training_memory(by_hand())
    kept = training_memory(replace(by_hand(), climbs=True))
    assert kept.bytes - plain.bytes == pytest.approx(plain.parts["weights"])


def test_half_steps_keep_weights_and_moments_of_their_beginning():
    plain = training_memory(by_hand())
    kept = training_memory(replace(by_hand(), half_steps=True))
    assert kept.parts["beginning of half steps"] == plain.parts["weights"] + plain.parts["optimizer"]
    assert kept.bytes == plain.bytes + kept.parts["beginning of half steps"]


def test_more_devices_need_less_on_each_but_whole_layers():
    train = replace(by_hand(), several=True)
    alone, shared = training_memory(train), training_memory(train, world=8)
    layers = train.shape.layers * train.shape.layer_weights
    assert alone.parts["optimizer"] == 8 * train.shape.weights
    assert shared.parts["optimizer"] == 8 * (train.shape.weights - layers + layers / 8), "embeddings are whole on each"
    assert "gathered layers" in shared.parts and "gathered layers" not in alone.parts
    assert shared.parts["activations"] == alone.parts["activations"]


def test_what_is_not_shared_needs_as_much_on_each():
    """Frozen models, stages that read a whole model, and adapters in float32 on a base in bfloat16."""
    train = by_hand()
    frozen = replace(train, frozen_models=1)
    beside = [training_memory(each, world=8).parts["weights"] for each in (train, frozen)]
    assert beside[1] - beside[0] == 4 * train.shape.weights
    mixed = replace(train, adapter_rank=4, precision=Precision("bfloat16", "cuda"))
    for each in (replace(train, is_whole=True), replace(train, trained_models=2), mixed):
        assert training_memory(each, world=8) == training_memory(each)


def test_a_reward_model_has_no_logits_and_no_output_embedding():
    train = replace(by_hand(), has_head=False)
    parts = training_memory(train).parts
    assert "logits" not in parts
    assert parts["weights"] == 4 * (train.shape.weights - train.shape.head_weights)


def test_scoring_keeps_weights_and_one_layer_at_work():
    shape = shape_of("llama")
    need = scoring_memory(shape, Precision("bfloat16", "cuda"), tokens=100, scored=50)
    assert need.parts["weights"] == 2 * shape.weights
    assert set(need.parts) <= {"weights", "activations", "logits"}


def test_keys_and_values_of_all_responses():
    """Two tensors in each layer, of 2 heads of 16 numbers of 4 bytes, for 5 responses of 10 tokens."""
    shape = shape_of("llama")
    need = generation_memory(shape, bytes_per_weight=4, sequences=5, length=10)
    assert need.parts["cache"] == 2 * LAYERS * 2 * 16 * 4 * 5 * 10
