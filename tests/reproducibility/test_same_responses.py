"""The same recipe from nothing draws the same responses, whichever engine draws them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from harness import MICRO, bench, finish, generate_section

from benchbench.generation.engine_cache import EngineCache

no_vllm = importlib.util.find_spec("vllm") is None


NEEDS_VLLM = pytest.mark.skipif(no_vllm, reason="no vLLM")


@pytest.mark.parametrize(
    "engine", [pytest.param("vllm", marks=[NEEDS_VLLM, pytest.mark.slow]), pytest.param("transformers")]
)
def test_the_same_recipe_twice_draws_the_same_responses(engine: str, tmp_path: Path):
    """Two workers draw, each with an engine of its own; tests/generation/test_engines.py has one vLLM draw twice."""
    draw_twice_the_same(engine, tmp_path, None)


def draw_twice_the_same(engine: str, folder: Path, engines: EngineCache | None) -> None:
    """Run a recipe in two folders, whose responses have to be the same.

    One attention head of size 32, the smallest that vLLM serves on CPU; the second time in another folder.

    Args:
        engine: which is to draw.
        folder: a new one.
        engines: draw in this process, both times with the engine of this cache, with all weights loaded anew; commands
            then find everything finished, and have no engine to tell of. None has workers draw.
    """
    text = MICRO.read_text(encoding="utf-8").replace("num_attention_heads: 2", "num_attention_heads: 1")
    setting = folder / "mine.yaml"
    setting.write_text(text + generate_section(prompts=24, tokens=12, samples=2, engine=engine), encoding="utf-8")
    drawn, messages = [], []
    for name in ("one", "two"):
        runs = folder / name
        if engines is not None:
            status = finish(["sft"], runs=runs, setting=setting, seeds=(1, 2), engines=engines)
            assert set(status.values()) == {"done"}
        ended = bench("train", "sft", "--setting", setting, "--seeds", 1, 2, "--runs", runs, "--workers", 1)
        assert ended.code == 0, ended.err
        drawn.append({path.parent.name: path.read_bytes() for path in (runs / "generate").glob("*/generations.jsonl")})
        messages.append([line for line in ended.err.splitlines() if line.startswith("generation: ")])
        about = json.loads(next((runs / "generate").glob("*/engine.json")).read_text(encoding="utf-8"))
        assert about["engine"] == engine and about["canary"]["identical_fraction"] == 1.0
    assert drawn[0] == drawn[1]
    one, two = drawn[0].values()
    assert one != two, "another seed draws others"
    by_workers = engines is None
    assert [len(lines) for lines in messages] == [by_workers] * 2, "which engine, said once where one draws"
