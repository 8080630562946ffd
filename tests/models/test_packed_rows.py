"""Packed rows give what transformers gives for every row by itself, on every architecture that takes them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchbench.core.batch import CandidateBatch
from benchbench.models import cpu_attention, dense_attention, load
from benchbench.models.attention import NAME
from benchbench.models.layout import layout_of, use_packed_rows
from benchbench.models.logps import token_logps

from .toys import batch, logps_by_hand, tiny

WINDOW = 5
TWO_KINDS = ["sliding_attention", "full_attention"]
PACKED: dict[str, tuple[str, dict[str, Any]]] = {
    "GPT-NeoX": ("gpt_neox", {}),
    "Llama": ("llama", {}),
    "Qwen2": ("qwen2", {}),
    "Qwen3": ("qwen3", {"head_dim": 8}),
    "Mistral with a window": ("mistral", {"sliding_window": WINDOW}),
    "Gemma-2": ("gemma2", {"sliding_window": WINDOW, "attn_logit_softcapping": 3.0, "attn_implementation": "eager"}),
    "Gemma-3": (
        "gemma3_text",
        {"head_dim": 8, "sliding_window": WINDOW, "layer_types": ["sliding_attention", "full_attention"]},
    ),
    "Phi-3": ("phi3", {}),
    "Mixtral": ("mixtral", {"num_local_experts": 4}),
    "GPT-2": ("gpt2", {}),
    "OPT": ("opt", {}),
    "Cohere": ("cohere", {}),
    "Granite": ("granite", {"attention_multiplier": 0.3}),
    "Phi": ("phi", {}),
    "OLMo-2": ("olmo2", {}),
    "SmolLM3": ("smollm3", {}),
    "StableLM": ("stablelm", {"hidden_size": 32}),
}
"""Name -> model type, and what of its configuration is asked for beyond `toys.SIZES`."""
PADDED: dict[str, tuple[str, dict[str, Any]]] = {
    "Bloom (ALiBi)": ("bloom", {}),
    "Falcon": ("falcon", {}),
    "Mamba": ("mamba", {"state_size": 4}),
    "RWKV": ("rwkv", {"attention_hidden_size": 24}),
}
TOLERANCE = 1e-5
"""Nats, and relative to the largest gradient, in float32."""
LORA = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value", "dense"]}


def made(name: str, **changes: Any) -> tuple[Any, Any]:
    """A model that takes packed rows, and the same with transformers' own attention."""
    kind, config = PACKED[name]
    own = {key: value for key, value in config.items() if key != "attn_implementation"} | changes
    packed, plain = tiny(kind, **own), tiny(kind, **own)
    plain.set_attn_implementation(config.get("attn_implementation", "sdpa"))
    assert use_packed_rows(packed).name == "packed"
    return packed, plain


def shaped(shape: str, *, candidates: int = 2, seed: int = 0) -> CandidateBatch:
    """Rows as real data have them: a prompt in common, and the corners of that."""
    rng = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 8, (3, candidates), generator=rng)
    prompts = [4, 1, 6]
    rows, starts = [], []
    for b, prompt in enumerate(prompts):
        front = torch.randint(2, 40, (prompt,), generator=rng)
        responses = [torch.randint(2, 40, (int(n),), generator=rng) for n in lengths[b]]
        if shape == "identical":
            responses = [responses[0]] * candidates
        elif shape == "continued":
            whole = torch.randint(2, 40, (candidates + 1,), generator=rng)
            responses = [whole[: k + 1] for k in range(candidates)]
        fronts = [front] * candidates
        if shape == "no prompt":
            fronts = [torch.randint(2, 40, (1,), generator=rng) for _ in range(candidates)]
        elif shape == "cut on the left":
            fronts = [front[min(k, prompt - 1) :] for k in range(candidates)]
        rows.append([torch.cat([f, r]) for f, r in zip(fronts, responses, strict=True)])
        starts.append([len(f) for f in fronts])
    return collated(rows, starts)


def collated(rows: list[list[torch.Tensor]], starts: list[list[int]]) -> CandidateBatch:
    length = max(len(row) for example in rows for row in example)
    tokens = torch.zeros(len(rows), len(rows[0]), length, dtype=torch.long)
    attention, response = tokens.bool(), tokens.bool()
    for b, example in enumerate(rows):
        for k, row in enumerate(example):
            tokens[b, k, : len(row)] = row
            attention[b, k, : len(row)] = True
            response[b, k, starts[b][k] : len(row)] = True
    return CandidateBatch(tuple(f"e{b}" for b in range(len(rows))), tokens, attention, response)


def gradients(model: Any, token: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    weights = torch.linspace(-1, 1, token.numel(), dtype=token.dtype).reshape(token.shape)
    (token * weights).sum().backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def require_same(packed: Any, plain: Any, rows: CandidateBatch, tolerance: float = TOLERANCE) -> None:
    """The same log-probabilities, and the same gradients."""
    ours, theirs = token_logps(packed, rows).token, logps_by_hand(plain, rows, dtype=torch.float32)
    assert float((ours - theirs).detach().abs().max()) < tolerance
    mine, other = gradients(packed, ours), gradients(plain, theirs)
    assert mine.keys() == other.keys()
    largest = max(float(g.abs().max()) for g in other.values())
    for name in mine:
        assert float((mine[name] - other[name]).abs().max()) < tolerance * largest, name


@pytest.mark.parametrize("name", PACKED)
def test_log_probabilities_and_gradients_are_those_of_every_row_by_itself(name):
    packed, plain = made(name)
    assert packed.config._attn_implementation == NAME
    tolerance = 5e-5 if name == "Granite" else TOLERANCE  # its attention multiplier makes a sharp softmax
    require_same(packed, plain, batch(examples=4), tolerance)
    require_same(packed, plain, shaped("prompt", candidates=3), tolerance)


@pytest.mark.parametrize("candidates", [1, 3, 8])
@pytest.mark.parametrize("shape", ["prompt", "no prompt", "identical", "continued", "cut on the left"])
@pytest.mark.parametrize("name", ["GPT-NeoX", "Llama", "Mistral with a window", "Gemma-2"])
def test_whatever_candidates_have_in_common(name, shape, candidates):
    require_same(*made(name), shaped(shape, candidates=candidates))


@pytest.mark.parametrize("name", ["GPT-NeoX", "Llama", "Mistral with a window", "Gemma-2"])
@pytest.mark.parametrize("saved", [-1, 10**6], ids=["in parts without masks", "masked"])
def test_long_examples_go_to_the_flash_kernel(name, saved, monkeypatch):
    """The same rows as above, taken as if they were long, and as if saved pairs of tokens were worth it or not."""
    monkeypatch.setattr(dense_attention, "LONGEST", 0)
    monkeypatch.setattr(cpu_attention, "SAVED_PAIRS", saved)
    require_same(*made(name), shaped("prompt", candidates=4))
    require_same(*made(name), shaped("continued", candidates=3))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), candidates=st.integers(1, 8), name=st.sampled_from(["GPT-NeoX", "Qwen3"]))
def test_random_lengths(seed, candidates, name):
    require_same(*made(name), shaped("prompt", candidates=candidates, seed=seed))


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_neighbour_changes_no_bit_of_a_row(name):
    model, _ = made(name)
    rows = shaped("prompt")
    tokens = rows.tokens.clone()
    tokens[0, 1, 4:] = (tokens[0, 1, 4:] + 1) % 40  # the other candidate beyond the prompt, and the other examples
    tokens[1:] = (tokens[1:] + 1) % 40
    tokens = tokens.where(rows.attention, torch.tensor(0))
    other = CandidateBatch(rows.ids, tokens, rows.attention, rows.response)
    with torch.no_grad():
        before, after = (token_logps(model, each).token for each in (rows, other))
    assert torch.equal(before[0, 0], after[0, 0]) and not torch.equal(before[0, 1], after[0, 1])


@pytest.mark.parametrize("name", PADDED)
def test_other_models_are_padded_and_say_why(name):
    kind, config = PADDED[name]
    model = tiny(kind, **config)
    before = model.config._attn_implementation
    layout = use_packed_rows(model)
    assert not layout.packed and layout.name.startswith("padded (") and len(layout.reason) > 8
    assert model.config._attn_implementation == before
    rows = batch()
    torch.testing.assert_close(
        token_logps(model, rows).token, logps_by_hand(model, rows, dtype=torch.float32), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("change", [{"layer_types": ["chunked_attention"] * 2}, {"attention_chunk_size": 4}])
def test_what_nine_tokens_cannot_show_is_padded(change):
    model = tiny("llama")
    for key, value in change.items():
        setattr(model.config, key, value)
    assert "chunk" in use_packed_rows(model).reason


def test_a_window_that_the_attention_is_not_told_of_is_padded():
    model = tiny("llama")
    model.config.sliding_window = 4
    assert use_packed_rows(model).reason == "the model keeps its window of 4 to itself"


def test_an_attention_that_was_asked_for_is_kept():
    model = tiny("llama")
    model.set_attn_implementation("eager")
    assert use_packed_rows(model).name == "padded (attention eager)"
    assert model.config._attn_implementation == "eager"


def test_checkpointed_gradients_are_the_same_bits():
    rows, found = shaped("prompt"), []
    for checkpointing in (False, True):
        model, _ = made("GPT-NeoX")
        if checkpointing:
            load.use_checkpointing(model)
        found.append(gradients(model.train(), token_logps(model, rows).token))
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_adapters_on_and_off():
    packed, plain = (load.add_lora(model, LORA, seed=1) for model in made("GPT-NeoX"))
    for model in (packed, plain):
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(2))
    rows = shaped("prompt")
    assert layout_of(packed.get_base_model().base_model).packed
    require_same(packed, plain, rows)
    with packed.disable_adapter(), torch.no_grad():
        off = token_logps(packed, rows).token
    bare, _ = made("GPT-NeoX")
    torch.testing.assert_close(off, token_logps(bare, rows).token.detach(), rtol=0, atol=TOLERANCE)


def test_autocast_rounds_packed_rows_no_more_than_padded_ones():
    packed, plain = made("GPT-NeoX")
    rows = shaped("prompt")
    exact = logps_by_hand(plain, rows, dtype=torch.float32).detach()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        far = [float((token_logps(model, rows).token - exact).abs().max()) for model in (packed, plain)]
    assert 0 < far[0] < 2 * far[1]


def test_generation_is_untouched():
    """Left padding and cached decoding; the same tokens to the last one."""
    packed, plain = made("Llama")
    ids = torch.tensor([[0, 0, 5, 6, 7], [8, 9, 10, 11, 12]])
    mask = (ids != 0).long()
    drawn = [
        model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=12, do_sample=False, pad_token_id=0)
        for model in (packed, plain)
    ]
    assert torch.equal(*drawn)


def test_a_saved_configuration_does_not_name_our_attention(tmp_path):
    model, _ = made("GPT-NeoX")
    model.save_pretrained(tmp_path)
    assert NAME not in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_a_layout_that_was_lost_is_an_error():
    model, _ = made("Llama")
    with pytest.raises(RuntimeError, match="the packed layout was lost"):
        model(input_ids=torch.tensor([[1, 2, 3]]), attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool))


def test_soft_capped_attention_is_capped_in_padded_rows_too():
    """Transformers' sdpa leaves the cap out without a word; eager attention has it."""
    kind, config = PACKED["Gemma-2"]
    own = {key: value for key, value in config.items() if key != "attn_implementation"}
    packed, plain = made("Gemma-2")
    uncapped = tiny(kind, **own)
    uncapped.set_attn_implementation("sdpa")
    ids = torch.tensor([[3, 4, 5, 6, 7, 8, 9]])
    with torch.no_grad():
        ours, eager, sdpa = (model(input_ids=ids).logits for model in (packed, plain, uncapped))
    torch.testing.assert_close(ours, eager, rtol=1e-5, atol=1e-5)
    assert float((sdpa - eager).abs().max()) > 1e-3
