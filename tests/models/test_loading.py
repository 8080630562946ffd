"""A folder of whole weights is loaded whole, from its own files alone, or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSequenceClassification

from benchbench.core.errors import BenchError, ExitCode
from benchbench.models.load import ModelSpec, build_base, seeded
from benchbench.models.loading import check_loaded, load_whole

from .toys import configuration, spec, tiny, tokenizer


def load(folder: Path, kind: Any = AutoModelForCausalLM, dtype: torch.dtype = torch.float32) -> Any:
    return load_whole(kind, folder, trust_remote_code=False, dtype=dtype)


def refused(folder: Path, kind: Any = AutoModelForCausalLM) -> str:
    with pytest.raises(BenchError) as caught:
        load(folder, kind)
    assert str(caught.value).startswith(str(folder)) and "\n" not in str(caught.value)
    return str(caught.value)


def with_weights(folder: Path, more: Mapping[str, Tensor]) -> None:
    """More tensors in the file of a folder."""
    path = folder / "model.safetensors"
    save_file({**load_file(path), **more}, path, metadata={"format": "pt"})


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", ["gpt_neox", "llama", "gpt2", "bloom", "opt", "gemma2"])
@pytest.mark.parametrize("shards", [False, True])
def test_a_sound_folder_is_loaded_bit_by_bit(tmp_path: Path, kind: str, dtype: torch.dtype, shards: bool):
    model = tiny(kind)
    model.save_pretrained(tmp_path, max_shard_size="10KB" if shards else "5GB")
    assert (len(list(tmp_path.glob("*.safetensors"))) > 1) == shards
    assert same(load(tmp_path, dtype=dtype), model.to(dtype))


def test_a_stray_file_is_not_loaded(tmp_path: Path):
    model = tiny()
    model.save_pretrained(tmp_path)
    for name in ("consolidated.safetensors", "optimizer.safetensors", "adapter_model.safetensors"):
        save_file(
            {n: torch.zeros_like(t) for n, t in load_file(tmp_path / "model.safetensors").items()}, tmp_path / name
        )
    torch.save({n: torch.ones_like(t) for n, t in model.state_dict().items()}, tmp_path / "pytorch_model.bin")
    assert same(load(tmp_path), model)


def test_a_pickle_beside_another_safetensors_file_is_not_loaded(tmp_path: Path):
    """Transformers takes the pickle of such a folder; its identity was that of the other file."""
    model = tiny()
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    save_file({"step": torch.ones(1)}, tmp_path / "optimizer.safetensors")
    assert AutoModelForCausalLM.from_pretrained(tmp_path) is not None, "else the test proves nothing"
    with pytest.raises(BenchError, match="found pytorch_model.bin") as caught:
        build_base(spec(path=str(tmp_path)), tokenizer(), seed=1)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_weights_that_are_missing_are_refused(tmp_path: Path):
    """Transformers would draw the head from the global generator, with a warning."""
    tiny().base_model.save_pretrained(tmp_path)
    assert "expected all weights of the model, found none of lm_head.weight" in refused(tmp_path)


def test_a_cut_off_file_is_damage(tmp_path: Path):
    tiny().save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BenchError, match=r"the file is damaged") as caught:
        load(tmp_path)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox"])
def test_a_classifier_is_no_language_model(tmp_path: Path, kind: str):
    """With tied embeddings no weight is missing, and the head would be one that nobody trained."""
    config = AutoConfig.for_model(**configuration(kind, tie_word_embeddings=True, num_labels=1))
    with seeded(0, "toy"):
        AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    assert "found some that it has no place for: score.weight" in refused(tmp_path)


def test_a_value_head_beside_the_model_is_refused(tmp_path: Path):
    tiny().save_pretrained(tmp_path)
    with_weights(tmp_path, {"v_head.summary.weight": torch.ones(1, 24)})
    assert "expected the weights of a GPTNeoXForCausalLM" in refused(tmp_path)
    assert "v_head.summary.weight" in refused(tmp_path)


def test_a_layer_more_than_the_configuration_says_is_refused(tmp_path: Path):
    tiny("llama").save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 1}))
    assert "model.layers.1." in refused(tmp_path) and "and 6 more" in refused(tmp_path)


def test_a_head_is_more_than_a_backbone(tmp_path: Path):
    tiny("llama").save_pretrained(tmp_path)
    assert "found some that it has no place for: lm_head.weight" in refused(tmp_path, AutoModel)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("gpt_neox", ("gpt_neox.layers.0.attention.bias", "gpt_neox.layers.0.attention.masked_bias")),
        ("gpt_neox", ("gpt_neox.layers.0.attention.rotary_emb.inv_freq",)),
        ("llama", ("model.layers.0.self_attn.rotary_emb.inv_freq",)),
        ("gpt2", ("transformer.h.0.attn.bias", "transformer.h.0.attn.masked_bias")),
    ],
)
def test_masks_and_frequencies_of_older_versions_are_no_weights(tmp_path: Path, kind: str, names: tuple[str, ...]):
    model = tiny(kind)
    model.save_pretrained(tmp_path)
    with_weights(tmp_path, {name: torch.ones(2) for name in names})
    assert same(load(tmp_path), model)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox"])
def test_a_head_that_is_said_to_be_the_embedding_and_is_another_is_refused(tmp_path: Path, kind: str):
    """One version of transformers ties the two, another does not; vLLM does."""
    model = tiny(kind, tie_word_embeddings=True)
    model.save_pretrained(tmp_path)
    embedding = model.get_input_embeddings().weight.detach()
    with_weights(tmp_path, {"lm_head.weight": embedding.clone()})
    assert same(load(tmp_path), model)
    with_weights(tmp_path, {"lm_head.weight": embedding + 0.5})
    assert "config.json says that lm_head.weight is" in refused(tmp_path)


def test_a_size_that_the_configuration_does_not_say_is_refused(tmp_path: Path):
    tiny().save_pretrained(tmp_path)
    with_weights(tmp_path, {"gpt_neox.final_layer_norm.weight": torch.ones(5)})
    assert "of the sizes that config.json says, found others: gpt_neox.final_layer_norm.weight" in refused(tmp_path)


@pytest.mark.parametrize("key", ["missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"])
def test_all_that_transformers_notes_is_looked_at(key: str):
    info: dict[str, Any] = {"missing_keys": [], "unexpected_keys": [], "mismatched_keys": [], "error_msgs": []}
    model = SimpleNamespace(named_buffers=lambda: [])
    check_loaded(model, info, "folder")
    with pytest.raises(BenchError, match=r"^folder: expected .*wrong"):
        check_loaded(model, info | {key: [("wrong", (1,), (2,))] if key == "mismatched_keys" else ["wrong"]}, "folder")


def test_a_model_that_loading_changes_is_refused(tmp_path: Path):
    """With this flag transformers divides the weights that it has just read; twice, where they are saved again."""
    config = {"hidden_size": 32, "num_hidden_layers": 4, "state_size": 4, "vocab_size": 61}
    with seeded(0, "toy"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model("mamba", **config, rescale_prenorm_residual=True))
    model.save_pretrained(tmp_path)
    assert "expected the weights of the file in the model, found others" in refused(tmp_path)


def test_adapters_are_no_whole_weights(tmp_path: Path):
    save_file({"lora": torch.ones(1)}, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text("{}")
    assert "expected whole weights, found adapters" in refused(tmp_path)
    with pytest.raises(BenchError, match="expected whole weights, found adapters"):
        build_base(ModelSpec(spec().settings, str(tmp_path)), tokenizer(), seed=1)
