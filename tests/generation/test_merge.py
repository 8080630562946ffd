"""Merged adapters score as adapters on their base do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation import merge
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.merge import is_adapter, merge_adapter
from benchbench.generation.seeds import make_requests
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.models import load
from benchbench.models.logps import token_logps

from .toys import TRAINED, greedy, neox, prompts

LORA = {"lora_r": 8, "lora_alpha": 16, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value", "dense_h_to_4h"]}
BASE = load.ModelSpec({"dtype": "float32", "attn_implementation": "sdpa", "trust_remote_code": False}, str(TRAINED))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Adapters that are far from zero, as after long training."""
    folder = tmp_path_factory.mktemp("adapter")
    model = load.add_lora(load.load_trained(TRAINED, BASE, trainable=True), LORA, seed=0)
    draws = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.1 * torch.randn(parameter.shape, generator=draws)
    model.save_pretrained(folder)
    return folder


def scores(model: object) -> torch.Tensor:
    """[B, K, T] log-probabilities of some rows."""
    rows = list(prompts(8, longest=60, seed=5).values())
    tokens = torch.zeros(len(rows), 1, 61, dtype=torch.long)
    response = torch.zeros(len(rows), 1, 61, dtype=torch.bool)
    for i, row in enumerate(rows):
        tokens[i, 0, : len(row) + 1] = torch.tensor([9, *row])
        response[i, 0, 1 : len(row) + 1] = True
    batch = CandidateBatch(
        tokens=tokens, response=response, attention=tokens != 0, ids=tuple(map(str, range(8))), columns={}
    )
    with torch.no_grad():
        return token_logps(model, batch).token


def test_merging_moves_no_log_probability_beyond_rounding(adapter: Path, tmp_path: Path):
    """1e-4 nats per token; the adapters themselves move them by more than a nat."""
    folder = merge_adapter(adapter, BASE, tmp_path / "merged")
    merged = scores(load.load_trained(folder, BASE, trainable=False).eval())
    apart = scores(load.load_trained(adapter, BASE, trainable=False).eval())
    base = scores(load.load_trained(TRAINED, BASE, trainable=False).eval())
    assert float((merged - apart).abs().max()) < 1e-4
    assert float((apart - base).abs().max()) > 1.0
    assert is_adapter(adapter)
    assert not is_adapter(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


def test_a_base_of_lower_precision_is_merged_in_float32(adapter: Path, tmp_path: Path):
    low = load.ModelSpec({**BASE.settings, "dtype": "bfloat16"}, BASE.path)
    folder = merge_adapter(adapter, low, tmp_path / "merged")
    merged = load.load_trained(folder, BASE, trainable=False)
    assert {p.dtype for p in merged.parameters()} == {torch.float32}
    expected = scores(load.load_trained(merge_adapter(adapter, BASE, tmp_path / "other"), BASE, trainable=False).eval())
    assert torch.equal(scores(merged.eval()), expected)


def test_merged_weights_are_served(adapter: Path, tmp_path: Path):
    engine = TransformersEngine(EngineSettings())
    engine.load(merge_adapter(adapter, BASE, tmp_path / "merged"))
    assert len(engine.generate(make_requests(prompts(3), seed=0), greedy(8))) == 3


def test_what_cannot_be_merged_is_said(adapter: Path, tmp_path: Path):
    with pytest.raises(BenchError, match="expected adapters"):
        merge_adapter(TRAINED, BASE, tmp_path / "merged")
    with pytest.raises(BenchError, match="expected a new folder"):
        merge_adapter(adapter, BASE, tmp_path)
    gone = load.ModelSpec(BASE.settings, str(tmp_path / "gone"))
    with pytest.raises(BenchError, match="not on this machine") as caught:
        merge_adapter(adapter, gone, tmp_path / "merged")
    assert caught.value.exit_code == ExitCode.UNAVAILABLE


def on_tied(folder: Path, **lora: Any) -> tuple[Path, load.ModelSpec]:
    """Adapters far from zero on a model whose head is its embedding."""
    from peft import LoraConfig, get_peft_model

    spec = load.ModelSpec(BASE.settings, str(neox(folder / "base", 0, layers=2, tied=True)))
    with load.seeded(0, "adapters"):
        model = get_peft_model(load.load_trained(folder / "base", spec, trainable=True), LoraConfig(r=4, **lora))
    draws = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data + 0.3 * torch.randn(parameter.shape, generator=draws)
    model.save_pretrained(folder / "adapters")
    return folder / "adapters", spec


@pytest.mark.parametrize(
    "lora",
    [
        {"target_modules": ["lm_head"]},
        {"target_modules": ["query_key_value", "embed_in"]},
        {"target_modules": ["embed_in", "lm_head"]},
        {"target_modules": ["embed_in"], "ensure_weight_tying": True},
        {"target_modules": ["query_key_value"], "modules_to_save": ["lm_head"]},
        {"target_modules": ["query_key_value"], "modules_to_save": ["embed_in"]},
        {"target_modules": ["query_key_value"], "trainable_token_indices": [5, 9]},
        {"target_modules": ["query_key_value"]},
    ],
    ids=lambda lora: "-".join(f"{key}={value}" for key, value in lora.items()),
)
def test_adapters_on_tied_embeddings_are_merged_into_the_layer_they_are_on(tmp_path: Path, lora: dict[str, Any]):
    """Adding them to the one weight would change the other layer as well: up to 18 nats per token."""
    adapters, spec = on_tied(tmp_path, **lora)
    folder = merge_adapter(adapters, spec, tmp_path / "merged")
    merged = scores(load.load_trained(folder, spec, trainable=False).eval())
    apart = scores(load.load_trained(adapters, spec, trainable=False).eval())
    assert float((merged - apart).abs().max()) < 1e-3
    base = scores(load.load_trained(tmp_path / "base", spec, trainable=False).eval())
    assert float((apart - base).abs().max()) > 0.1
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    untied = lora != {"target_modules": ["query_key_value"]}
    assert config["tie_word_embeddings"] is not untied or "trainable_token_indices" in lora
    heads = {"embed_out.weight"} & load_file(folder / "model.safetensors").keys()
    assert bool(heads) is not config["tie_word_embeddings"], "the name that vLLM reads"
    engine = TransformersEngine(EngineSettings())
    engine.load(folder)
    assert engine.generate(make_requests(prompts(2), seed=0), greedy(4))


def test_a_merge_that_makes_another_model_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(merge, "_untie", lambda model: None)
    adapters, spec = on_tied(tmp_path, target_modules=["lm_head"])
    with pytest.raises(BenchError, match=r"nats per token"):
        merge_adapter(adapters, spec, tmp_path / "merged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapters", "base"]


def test_numbers_that_are_none_are_refused(adapter: Path, tmp_path: Path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    tensors = load_file(adapter / "adapter_model.safetensors")
    for number in (float("nan"), float("inf")):
        save_file({name: tensor * number for name, tensor in tensors.items()}, broken / "adapter_model.safetensors")
        with pytest.raises(BenchError, match=f"{broken}: .*not finite"):
            merge_adapter(broken, BASE, tmp_path / "merged")
    assert [path.name for path in tmp_path.iterdir()] == ["broken"]


def test_the_draft_of_a_merge_that_was_killed_goes(adapter: Path, tmp_path: Path):
    (tmp_path / ".merged.abc").mkdir()
    (tmp_path / ".merged.abc" / "model.safetensors").write_text("half", encoding="utf-8")
    merge_adapter(adapter, BASE, tmp_path / "merged")
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]
