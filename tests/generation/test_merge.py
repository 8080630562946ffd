"""Merged adapters score as adapters on their base do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchbench.core.batch import CandidateBatch
from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation.merge import is_adapter, merge_adapter
from benchbench.generation.seeds import make_requests
from benchbench.generation.settings import EngineSettings
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.models import load
from benchbench.models.logps import token_logps

from .toys import TRAINED, greedy, prompts

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
    with pytest.raises(BenchError, match="not here") as caught:
        merge_adapter(adapter, gone, tmp_path / "merged")
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
