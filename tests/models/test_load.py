"""Building, saving and loading policies."""

from __future__ import annotations

import json
import warnings

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchbench.core.errors import BenchError
from benchbench.models import load
from benchbench.models.layout import layout_of
from benchbench.models.load import (
    ModelSpec,
    add_lora,
    build_base,
    disable_dropout,
    load_trained,
    save_trained,
    seeded,
    set_precision,
)
from benchbench.models.logps import token_logps, unwrap

from .toys import batch, configuration, spec, tiny, tokenizer

LORA = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value", "dense"]}


def weights(model) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def moved(model, seed: int = 3):
    """The model after a training that moved every trainable weight."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn(parameter.shape, generator=rng).to(parameter.dtype)
    return model


# Building.


def test_the_same_seed_gives_the_same_weights():
    assert equal(weights(build_base(spec(), tokenizer(), seed=42)), weights(build_base(spec(), tokenizer(), seed=42)))


def test_another_seed_gives_other_weights():
    one, other = (weights(build_base(spec(), tokenizer(), seed=seed)) for seed in (42, 13))
    drawn = [name for name in one if one[name].ndim > 1]
    assert drawn and not any(torch.equal(one[name], other[name]) for name in drawn)


def test_the_global_generator_is_neither_read_nor_moved():
    found = []
    for state in (0, 1):
        torch.manual_seed(state)
        before = torch.get_rng_state()
        found.append(weights(add_lora(build_base(spec(), tokenizer(), seed=42), LORA, seed=42)))
        assert torch.equal(torch.get_rng_state(), before)
    assert equal(*found)


def test_adapters_do_not_shift_the_draws_of_the_weights():
    plain = weights(build_base(spec(), tokenizer(), seed=42))
    with_lora = build_base(spec(), tokenizer(), seed=42)
    add_lora(with_lora, LORA, seed=42)
    found = {name.replace(".base_layer", ""): value for name, value in weights(with_lora).items()}
    assert all(torch.equal(found[name], value) for name, value in plain.items())


def test_the_vocabulary_is_the_tokenizers_where_the_configuration_names_none():
    model = build_base(spec(), tokenizer(), seed=42)
    assert model.config.vocab_size == len(tokenizer()) == model.get_input_embeddings().weight.shape[0]
    assert model.config.eos_token_id == tokenizer().eos_token_id


def test_a_vocabulary_smaller_than_the_tokenizers_is_refused():
    entries = len(tokenizer())
    with pytest.raises(BenchError, match=f"the tokenizer has {entries} entries, the model's vocabulary {entries - 1}"):
        build_base(spec(vocab_size=entries - 1), tokenizer(), seed=42)


def test_a_larger_vocabulary_is_taken():
    assert build_base(spec(vocab_size=64), tokenizer(), seed=42).config.vocab_size == 64


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_weights_have_the_precision_that_is_asked_for(dtype):
    model = build_base(spec(dtype=dtype), tokenizer(), seed=42)
    assert {p.dtype for p in model.parameters()} == {getattr(torch, dtype)}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_setting_the_precision_spares_adapters_and_rotary_frequencies(dtype):
    """`model.to(dtype)` would round both; a rounded frequency is another position far from the beginning."""
    model = add_lora(build_base(spec(), tokenizer(), seed=42), LORA, seed=42)
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    assert any("inv_freq" in name for name in buffers)
    set_precision(model, dtype)
    found = {name: parameter.dtype for name, parameter in model.named_parameters()}
    assert {found[name] for name in found if ".lora_" in name} == {torch.float32}
    assert {found[name] for name in found if ".lora_" not in name} == {dtype}
    for name, value in model.named_buffers():
        assert value.dtype == buffers[name].dtype and torch.equal(value, buffers[name])


def test_a_misspelt_key_of_the_configuration_is_refused():
    """Transformers takes any key and ignores those it does not know."""
    with pytest.raises(BenchError) as caught:
        build_base(spec(num_hidden_layer=3, tie_embeddings=False), tokenizer(), seed=42)
    assert str(caught.value).splitlines() == [
        "model.from_config: 2 problems",
        "  num_hidden_layer: a gpt_neox has no such key. Did you mean 'num_hidden_layers'?",
        "  tie_embeddings: a gpt_neox has no such key. Did you mean 'tie_word_embeddings'?",
    ]


def test_keys_that_transformers_translates_are_taken():
    """`rotary_pct` is no field of GPT-NeoX any more, and still reaches the rotary embedding."""
    model = build_base(spec(rotary_pct=0.5), tokenizer(), seed=42)
    assert model.config.rope_parameters["partial_rotary_factor"] == 0.5
    model = build_base(spec("llama", rope_theta=5000.0), tokenizer(), seed=42)
    assert model.config.rope_parameters["rope_theta"] == 5000.0


def test_an_older_key_that_is_not_translated_is_refused():
    """GPT-NeoX keeps a `rope_theta` of its own accord and goes on with 10,000."""
    with pytest.raises(BenchError, match="rope_theta: a gpt_neox has no such key"):
        build_base(spec(rope_theta=5000.0), tokenizer(), seed=42)


def test_an_unknown_model_type_suggests_the_nearest():
    with pytest.raises(BenchError, match=r"^model.from_config.model_type: unknown model type 'gptneox'. Did you mean"):
        build_base(spec(model_type="gptneox"), tokenizer(), seed=42)


def test_tokens_that_the_configuration_names_are_kept():
    assert build_base(spec(eos_token_id=5), tokenizer(), seed=42).config.eos_token_id == 5


def test_pinned_weights_are_those_of_the_folder(tmp_path):
    model = tiny()
    model.save_pretrained(tmp_path)
    for seed in (42, 13):
        assert equal(weights(build_base(spec(path=str(tmp_path)), tokenizer(), seed=seed)), weights(model))


@pytest.mark.parametrize("pinned", [False, True])
def test_an_attention_that_the_model_does_not_have_is_named(tmp_path, pinned):
    tiny("bloom").save_pretrained(tmp_path)
    with pytest.raises(BenchError, match=r"^model\.attn_implementation: .*found sdpa; eager works with every model"):
        build_base(spec("bloom", path=str(tmp_path) if pinned else None), tokenizer(), seed=1)


def test_tied_weights_are_not_missing(tmp_path):
    tiny("gpt2").save_pretrained(tmp_path)
    assert equal(weights(build_base(spec(path=str(tmp_path)), tokenizer(), seed=1)), weights(tiny("gpt2")))


def test_a_target_module_that_is_not_there_names_those_that_are():
    with pytest.raises(BenchError) as caught:
        add_lora(tiny(), LORA | {"lora_target_modules": ["q_proj"]}, seed=1)
    assert str(caught.value).startswith(
        "lora.lora_target_modules: ['q_proj'] not found in the model; "
        "its linear layers are dense, dense_4h_to_h, dense_h_to_4h, lm_head, query_key_value"
    )


def test_all_linear_is_every_linear_layer_but_the_head():
    model = add_lora(tiny(), LORA | {"lora_target_modules": "all-linear"}, seed=1)
    adapted = {name.rsplit(".", 2)[-2] for name, _ in model.named_modules() if name.endswith(".lora_A")}
    assert adapted == {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"}
    by_name = add_lora(tiny(), LORA | {"lora_target_modules": sorted(adapted)}, seed=1)
    assert equal(weights(model), weights(by_name)), "the same adapters, drawn alike"


def test_fresh_adapters_leave_the_model_as_it_was():
    given = batch()
    with torch.no_grad():
        assert torch.equal(token_logps(add_lora(tiny(), LORA, seed=1), given).token, token_logps(tiny(), given).token)


def test_seeded_gives_the_generator_back_after_a_failure():
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError), seeded(1, "x"):
        torch.rand(3)
        raise RuntimeError
    assert torch.equal(torch.get_rng_state(), before)


# Dropout and checkpointing.


DROPOUT = {
    "gpt_neox": {"hidden_dropout": 0.5, "attention_dropout": 0.5},
    "gpt2": {"resid_pdrop": 0.5, "embd_pdrop": 0.5, "attn_pdrop": 0.5},
    "llama": {"attention_dropout": 0.5},
    "opt": {"dropout": 0.5, "attention_dropout": 0.5, "layerdrop": 0.5},
    "bloom": {"hidden_dropout": 0.5, "attention_dropout": 0.5},
    "phi": {"resid_pdrop": 0.5, "embd_pdrop": 0.5, "attention_dropout": 0.5},
}


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", DROPOUT)
def test_disabling_dropout_makes_training_passes_equal(kind, attention):
    if kind == "bloom":
        attention = "eager"
    model = tiny(kind, attn_implementation=attention, **DROPOUT[kind]).train()
    ids = batch().tokens[:, 0]
    one, two = (model(input_ids=ids).logits for _ in range(2))
    assert not torch.equal(one, two), "else the test proves nothing"
    disable_dropout(model)
    found = [model(input_ids=ids).logits for _ in range(6)]
    assert all(torch.equal(found[0], other) for other in found[1:])
    torch.testing.assert_close(found[0], model.eval()(input_ids=ids).logits, rtol=1e-5, atol=1e-5)


def test_disabling_dropout_reaches_adapters():
    model = add_lora(tiny(), LORA | {"lora_dropout": 0.5}, seed=1).train()
    moved(model)
    ids = batch().tokens[:, 0]
    assert not torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)
    disable_dropout(model)
    assert torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)


@pytest.mark.parametrize("adapters", [False, True])
def test_checkpointing_gives_the_same_gradients(adapters):
    found = []
    for recompute in (False, True):
        model = tiny().double().train()
        model = moved(add_lora(model, LORA, seed=1)).double() if adapters else model
        if recompute:
            load.use_checkpointing(model)
        calls = []
        layer = next(m for name, m in model.named_modules() if name.endswith("layers.0.mlp"))
        layer.register_forward_pre_hook(lambda module, inputs, calls=calls: calls.append(1))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            token_logps(model, batch(), dtype=torch.float64).sum().sum().backward()
        probes = 2  # one pass by the model, one by its backbone
        assert len(calls) == probes + (2 if recompute else 1), "the layer runs again in the backward pass"
        found.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys() and found[0]
    for name in found[0]:
        torch.testing.assert_close(found[0][name], found[1][name], rtol=1e-10, atol=1e-12)


# Saving and loading.


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["gpt_neox", "llama", "gpt2"])
def test_a_whole_model_comes_back_bit_by_bit(tmp_path, kind, dtype):
    model = moved(build_base(spec(kind, dtype=dtype), tokenizer(), seed=42))
    save_trained(model, tokenizer(), tmp_path)
    again = load_trained(tmp_path, spec(kind, dtype=dtype), trainable=True)
    assert equal(weights(again), weights(model))
    assert all(p.requires_grad for p in again.parameters())
    assert {path.suffix for path in tmp_path.iterdir()} <= {".safetensors", ".json", ".jinja"}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("trainable", [False, True])
def test_adapters_come_back_bit_by_bit_on_the_pinned_base(tmp_path, dtype, trainable):
    tiny(dtype=getattr(torch, dtype)).save_pretrained(tmp_path / "base")
    pinned = spec(path=str(tmp_path / "base"), dtype=dtype)
    model = moved(add_lora(build_base(pinned, tokenizer(), seed=42), LORA, seed=42))
    save_trained(model, tokenizer(), tmp_path / "model")
    assert not list((tmp_path / "model").glob("model*.safetensors")), "adapters alone are written"
    again = load_trained(tmp_path / "model", pinned, trainable=trainable)
    assert equal(weights(again), weights(model))
    trained = {name for name, p in again.named_parameters() if p.requires_grad}
    assert trained == ({name for name, p in model.named_parameters() if p.requires_grad} if trainable else set())
    given = batch()
    with torch.no_grad():
        assert torch.equal(token_logps(again.eval(), given).token, token_logps(model.eval(), given).token)


@pytest.mark.parametrize("adapters", [False, True])
def test_the_folder_loads_with_transformers_alone_and_scores_the_same(tmp_path, adapters):
    tiny().save_pretrained(tmp_path / "base")
    pinned = spec(path=str(tmp_path / "base"))
    model = build_base(pinned, tokenizer(), seed=42)
    model = moved(add_lora(model, LORA, seed=42) if adapters else model).eval()
    save_trained(model, tokenizer(), tmp_path / "model")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "model", local_files_only=True).eval()
    words = AutoTokenizer.from_pretrained(tmp_path / "model", local_files_only=True)
    text = "red and blue"
    assert words(text).input_ids == tokenizer()(text).input_ids and words.pad_token == tokenizer().pad_token
    given = batch()
    with torch.no_grad():
        torch.testing.assert_close(token_logps(theirs, given).token, token_logps(model, given).token)


CODE = """
from transformers import LlamaConfig, LlamaForCausalLM

class OwnConfig(LlamaConfig):
    model_type = "bench_test_own"

class OwnForCausalLM(LlamaForCausalLM):
    config_class = OwnConfig
"""


def test_a_model_with_code_of_its_own_comes_back_where_the_recipe_trusts_it(tmp_path, monkeypatch):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(tmp_path / "modules")
    base = tmp_path / "base"
    tiny("llama").save_pretrained(base)
    (base / "own.py").write_text(CODE)
    config = json.loads((base / "config.json").read_text())
    config |= {"model_type": "bench_test_own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    config["auto_map"]["AutoModelForCausalLM"] = "own.OwnForCausalLM"
    (base / "config.json").write_text(json.dumps(config))
    pinned = spec(path=str(base))
    trusted = ModelSpec({**pinned.settings, "trust_remote_code": True}, pinned.path)
    model = moved(build_base(trusted, tokenizer(), seed=42))
    assert type(model).__name__ == "OwnForCausalLM"
    save_trained(model, tokenizer(), tmp_path / "model")
    assert equal(weights(load_trained(tmp_path / "model", trusted, trainable=True)), weights(model))
    lora = LORA | {"lora_target_modules": ["q_proj"]}
    save_trained(moved(add_lora(model, lora, seed=1)), tokenizer(), tmp_path / "adapters")
    assert type(load_trained(tmp_path / "adapters", trusted, trainable=True).get_base_model()) is type(model)


def test_the_context_is_what_the_configuration_says():
    assert load.context_length(tiny()) == load.context_length(tiny("gpt2")) == 64
    assert load.context_length(tiny("bloom")) is None


def test_the_toys_are_what_a_recipe_would_ask_for():
    assert configuration("gpt_neox")["hidden_size"] == 24 == build_base(spec(), tokenizer(), seed=1).config.hidden_size


def test_adapters_on_a_bfloat16_base_are_float32_masters():
    """Without autocast: the base computes in bfloat16, what is trained and the optimizer's state are float32."""
    model = add_lora(build_base(spec(dtype="bfloat16"), tokenizer(), seed=0), LORA, seed=1).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert trained and {p.dtype for p in trained} == {torch.float32}
    assert {p.dtype for p in model.parameters() if not p.requires_grad} == {torch.bfloat16}
    assert layout_of(unwrap(model).base_model).packed
    optimizer = torch.optim.AdamW(trained, lr=1e-6, fused=True)
    logps = token_logps(model, batch())
    assert logps.token.dtype == torch.float32
    logps.token.sum().backward()
    assert {p.grad.dtype for p in trained if p.grad is not None} == {torch.float32}
    optimizer.step()
    moments = [state[key] for state in optimizer.state.values() for key in ("exp_avg", "exp_avg_sq")]
    assert moments and {moment.dtype for moment in moments} == {torch.float32}
