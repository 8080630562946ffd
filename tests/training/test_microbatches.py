"""How far a memory setting moves numbers: what is left out of identities is bounded here, the rest does move."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from benchbench.data.tokenized import TokenizedExample
from benchbench.models import load
from benchbench.models.logps import token_logps
from benchbench.training.loop import train

from .toys import batches, examples, furthest, model, toy, weights

LORA = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.1, "lora_target_modules": ["query_key_value", "dense"]}
SCORED, TRAINED = 1e-5, 1e-4
"""Nats per token that a batch's size and padding may move in float32: of one model's scores, and of the scores of what
was trained with it. Measured here: 1e-6 and 1e-6 for random weights, 8e-6 and 1e-5 for the pretrained stories260K.
Over 24 steps of 8 pairs at a learning rate of 2e-3: 5e-6 for a GPT-NeoX as large as the tiny setting's, 2e-4 for
stories260K, which such steps take apart. In bfloat16 or with dropout the same runs move by 0.01 to 10."""
KINDS = {
    "plain": {},
    "dropout": {"dropout": 0.1},
    "adapter dropout": {"lora": LORA},
    "autocast": {"bf16": True},
    "bfloat16 weights": {"dtype": torch.bfloat16},
}
Rows = dict[tuple[str, int], torch.Tensor]


def scores(policy, given: Sequence[TokenizedExample], *, size: int = 8, bf16: bool = False, low: bool = False) -> Rows:
    """Log-probability of every response token, by example and candidate."""
    policy.eval()
    found: Rows = {}
    for start in range(0, len(given), size):
        part = given[start : start + size]
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logps = token_logps(policy, batches()(part), dtype=torch.bfloat16 if low else torch.float32)
        for b, example in enumerate(part):
            for k in range(len(example.candidates)):
                found[example.id, k] = logps.token[b, k][logps.response[b, k]].float()
    return found


def apart(one: Rows, other: Rows) -> float:
    """Largest difference of one token's log-probability."""
    return max(float((one[place] - other[place]).abs().max()) for place in one)


def trained(folder, size, *, dropout=0.0, lora=None, bf16=False, dtype=torch.float32, checkpointing=False):
    """What 8 steps of DPO leave: its scores and weights."""
    policy = model(dtype=dtype, hidden_dropout=dropout, attention_dropout=dropout)
    if lora is not None:
        policy = load.add_lora(policy, lora, seed=0)
    if checkpointing:
        load.use_checkpointing(policy)
    given = examples()
    train(toy(folder, policy=policy, given=given, per_device_train_batch_size=size, bf16=bf16, max_steps=8).job)
    return scores(policy, given), weights(policy)


@pytest.mark.parametrize("size", [1, 3, 24])
def test_float32_scores_are_those_of_any_batch(size):
    given = examples()
    assert (
        apart(scores(model(dtype=torch.float32), given), scores(model(dtype=torch.float32), given, size=size)) < SCORED
    )


@pytest.mark.parametrize("size", [1, 3])
def test_float32_training_without_dropout_is_that_of_any_microbatch(tmp_path, size):
    whole, parts = (trained(tmp_path / str(n), n)[0] for n in (8, size))
    assert apart(whole, parts) < TRAINED


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "plain"])
def test_a_microbatch_moves_what_is_trained_with_dropout_or_bfloat16(tmp_path, kind):
    """Hence it is part of the identity there."""
    whole, parts = (trained(tmp_path / str(n), n, **KINDS[kind])[0] for n in (8, 3))
    assert apart(whole, parts) > TRAINED


@pytest.mark.parametrize("kind", [{"bf16": True}, {"low": True}], ids=["autocast", "bfloat16"])
def test_a_row_scored_in_bfloat16_depends_on_the_rows_beside_it(kind):
    """Of padded rows. Hence the batch is part of the identity there; in float32 the neighbours move next to nothing."""
    given = examples(longest=20)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "packed": False}
    policy = model(dtype=torch.bfloat16 if "low" in kind else torch.float32, **sizes)
    assert apart(scores(policy, given, **kind), scores(policy, given, size=1, **kind)) > 100 * SCORED
    exact = model(dtype=torch.float32, **sizes)
    assert apart(scores(exact, given), scores(exact, given, size=1)) < SCORED


@pytest.mark.parametrize("kind", KINDS)
def test_recomputed_activations_are_the_same_to_the_last_bit(tmp_path, kind):
    """Dropout masks too: the state of the generator is kept with each layer. Hence it is never part of an identity."""
    kept, recomputed = (trained(tmp_path / str(c), 3, checkpointing=c, **KINDS[kind])[1] for c in (False, True))
    assert furthest(kept, recomputed) == 0


@pytest.mark.shared_data
def test_the_bounds_hold_for_pretrained_weights(shared, tmp_path):
    """A pretrained model's attention is sharper than a random one's, and so are its roundings."""
    from transformers import AutoModelForCausalLM

    def stories():
        return AutoModelForCausalLM.from_pretrained(shared / "models" / "stories260K", dtype=torch.float32)

    given = examples()
    alone = scores(stories(), given, size=1)
    assert apart(scores(stories(), given), alone) < 2 * SCORED
    found = []
    for size in (1, 3, 8):
        options = {"policy": stories(), "given": given, "per_device_train_batch_size": size, "max_steps": 6}
        made = toy(tmp_path / str(size), learning_rate=1e-3, **options)
        train(made.job)
        found.append(scores(made.model, given))
    assert max(apart(found[0], other) for other in found[1:]) < TRAINED
    assert apart(alone, found[0]) > 0.1, "it was trained"
