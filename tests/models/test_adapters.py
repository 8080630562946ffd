"""Adapters that do not fit their base are one clear error, never the bare base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from benchbench.core.errors import BenchError, ExitCode
from benchbench.models.load import ModelSpec, add_lora, build_base, load_trained, with_adapter

from .toys import spec, tiny, tokenizer

LORA = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value", "dense"]}
WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def pinned(tmp_path: Path) -> ModelSpec:
    tiny().save_pretrained(tmp_path / "base")
    return spec(path=str(tmp_path / "base"))


@pytest.fixture
def adapters(tmp_path: Path, pinned: ModelSpec) -> Path:
    add_lora(build_base(pinned, tokenizer(), seed=1), LORA, seed=1).save_pretrained(tmp_path / "adapters")
    return tmp_path / "adapters"


def renamed(folder: Path, change: Callable[[str], str | None]) -> None:
    """Other names for the tensors of an adapter file; those without a name go."""
    found = {change(name): tensor for name, tensor in load_file(folder / WEIGHTS).items()}
    save_file({name: tensor for name, tensor in found.items() if name is not None}, folder / WEIGHTS)


def configured(folder: Path, **values: object) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def test_names_that_fit_nothing_are_refused(adapters: Path, pinned: ModelSpec):
    renamed(adapters, lambda name: name.replace("gpt_neox", "model"))
    with pytest.raises(BenchError) as caught:
        load_trained(adapters, pinned, trainable=False)
    assert str(caught.value).startswith(f"{adapters / WEIGHTS}: ")
    assert "gpt_neox.layers.0.attention.dense.lora_A.weight and 7 more are missing" in str(caught.value)
    assert "model.layers.0.attention.dense.lora_A.weight and 7 more fit nothing" in str(caught.value)


def test_a_layer_that_is_missing_is_refused(adapters: Path, pinned: ModelSpec):
    renamed(adapters, lambda name: None if ".layers.1." in name else name)
    with pytest.raises(BenchError, match=r"layers\.1\.attention\.dense\.lora_A\.weight and 3 more are missing"):
        load_trained(adapters, pinned, trainable=True)


def test_a_layer_too_many_is_refused(adapters: Path, pinned: ModelSpec):
    configured(adapters, target_modules=["dense"])
    with pytest.raises(
        BenchError, match=r"layers\.0\.attention\.query_key_value\.lora_A\.weight and 3 more fit nothing"
    ):
        load_trained(adapters, pinned, trainable=True)


def test_adapters_beside_a_reward_head_are_checked_too(adapters: Path):
    renamed(adapters, lambda name: name.replace("gpt_neox", "model"))
    with pytest.raises(BenchError, match="fit nothing"):
        with_adapter(tiny(), adapters)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"target_modules": ["q_proj"]}, "q_proj"),
        ({"r": 8}, "size mismatch"),
        ({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 4}, "expected adapters that can be added to the weights"),
        ({"peft_type": "NONSENSE"}, "NONSENSE"),
        ({"modules_to_save": ["embed_in"]}, "embed_in"),
    ],
)
def test_a_configuration_that_does_not_fit_is_one_error(
    adapters: Path, pinned: ModelSpec, values: dict[str, object], told: str
):
    configured(adapters, **values)
    with pytest.raises(BenchError) as caught:
        load_trained(adapters, pinned, trainable=False)
    assert str(caught.value).startswith(str(adapters))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("text", ["{", "[]", "", "3"])
def test_a_configuration_that_is_none_is_one_error(adapters: Path, pinned: ModelSpec, text: str):
    (adapters / "adapter_config.json").write_text(text, encoding="utf-8")
    with pytest.raises(BenchError, match=r"adapter_config\.json: expected one JSON object"):
        load_trained(adapters, pinned, trainable=False)


def test_half_a_file_is_damage(adapters: Path, pinned: ModelSpec):
    (adapters / WEIGHTS).write_bytes((adapters / WEIGHTS).read_bytes()[:500])
    with pytest.raises(BenchError, match="damaged") as caught:
        load_trained(adapters, pinned, trainable=False)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE
    (adapters / WEIGHTS).unlink()
    with pytest.raises(BenchError, match="expected adapter_model.safetensors") as caught:
        load_trained(adapters, pinned, trainable=False)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_the_base_of_adapters_is_whole_weights(adapters: Path, pinned: ModelSpec, tmp_path: Path):
    shutil.copytree(adapters, tmp_path / "second")
    with pytest.raises(BenchError, match="expected whole weights, found adapters"):
        load_trained(adapters, ModelSpec(pinned.settings, str(tmp_path / "second")), trainable=False)


def test_a_model_name_that_is_adapters_alone_is_refused(adapters: Path, pinned: ModelSpec):
    """Transformers would put the base that they name below them, which no hash of this folder covers."""
    configured(adapters, base_model_name_or_path=pinned.path)
    with pytest.raises(BenchError, match="expected whole weights, found adapters; merge them into their base"):
        build_base(ModelSpec(pinned.settings, str(adapters)), tokenizer(), seed=1)


def test_whole_weights_and_adapters_in_one_folder_are_refused(adapters: Path, pinned: ModelSpec):
    """Transformers would read the adapters and their base, and pass the whole weights by."""
    assert pinned.path is not None
    configured(adapters, base_model_name_or_path=pinned.path)
    for name in ("config.json", "model.safetensors"):
        shutil.copy(Path(pinned.path) / name, adapters)
    with pytest.raises(BenchError, match="whole weights and adapters"):
        build_base(ModelSpec(pinned.settings, str(adapters)), tokenizer(), seed=1)


def test_embeddings_that_were_saved_beside_adapters_are_known(pinned: ModelSpec, tmp_path: Path):
    model = add_lora(build_base(pinned, tokenizer(), seed=1), LORA, seed=1)
    model.save_pretrained(tmp_path / "more", save_embedding_layers=True)
    assert any("embed_in" in name for name in load_file(tmp_path / "more" / WEIGHTS))
    load_trained(tmp_path / "more", pinned, trainable=False)


def test_names_that_peft_translates_fit(pinned: ModelSpec, tmp_path: Path):
    """DoRA's vectors are saved under a shorter name than the parameter has; either is read."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, target_modules=["query_key_value"], use_dora=True)
    get_peft_model(build_base(pinned, tokenizer(), seed=1), config).save_pretrained(tmp_path / "dora")
    renamed(tmp_path / "dora", lambda name: name.replace("lora_magnitude_vector", "lora_magnitude_vector.weight"))
    assert any(name.endswith("lora_magnitude_vector.weight") for name in load_file(tmp_path / "dora" / WEIGHTS))
    load_trained(tmp_path / "dora", pinned, trainable=False)
