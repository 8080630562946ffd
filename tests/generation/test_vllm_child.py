"""The parent's end of the process: a toy plays vLLM, and dies, fails and hangs on command."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation import vllm_child
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.vllm_child import Child, variables

TOY = "tests.generation.toy_child"


def child(log: Path | None = None, **environment: str) -> Child:
    return Child(environment, log=log, module=TOY)


def test_it_answers_again_and_again_and_ends_when_closed():
    toy = child(TOY="hello")
    assert [toy.ask("no", do="x") for _ in range(3)] == ["hello"] * 3
    assert toy.alive()
    toy.close()
    toy.close()
    assert not toy.alive()


def test_an_answer_that_is_an_error_becomes_one_and_ends_it():
    toy = child()
    with pytest.raises(
        BenchError, match="could not: ValueError: no such thing; engine: transformers does without vLLM"
    ) as caught:
        toy.ask("could not", do="fail")
    assert caught.value.exit_code == ExitCode.FAILED
    assert not toy.alive()


def test_a_process_that_dies_is_noticed_at_once_and_its_last_output_is_reported(tmp_path: Path):
    log = tmp_path / "engine.log"
    log.write_text("of an earlier process\n", encoding="utf-8")
    toy, began = child(log), time.monotonic()
    with pytest.raises(BenchError) as caught:
        toy.ask("vLLM could not generate", do="die")
    assert time.monotonic() - began < 10
    assert "exit code 7" in str(caught.value)
    assert "Unsupported CPU attention configuration" in str(caught.value)
    assert str(log) in str(caught.value)
    assert "earlier" not in str(caught.value)
    with pytest.raises(BenchError):
        toy.ask("again", do="x")


def test_a_killed_process_is_said_to_be_out_of_memory_perhaps():
    with pytest.raises(BenchError, match="exit code -9 .-9: killed, often out of memory"):
        child().ask("no", do="kill")


def test_silence_ends_and_progress_does_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vllm_child, "SILENCE_SECONDS", 0.8)
    monkeypatch.setattr(vllm_child, "END_SECONDS", 0.1)
    toy = child()
    monkeypatch.setattr(vllm_child, "SILENCE_SECONDS", 30)
    toy.ask("no", do="x")  # it is up
    monkeypatch.setattr(vllm_child, "SILENCE_SECONDS", 0.8)
    assert toy.ask("no", do="work") == "work"  # a second of work with signs of life
    with pytest.raises(BenchError, match="sent nothing"):
        toy.ask("no", do="hang")
    assert not toy.alive()


def test_an_interrupted_wait_ends_the_process(monkeypatch: pytest.MonkeyPatch):
    """Its answer would be taken for that of the next question."""
    toy = child()
    toy.ask("no", do="x")

    def interrupt() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(vllm_child, "END_SECONDS", 0.1)
    monkeypatch.setattr(toy, "alive", interrupt)
    with pytest.raises(KeyboardInterrupt):
        toy.ask("no", do="hang")
    assert toy._process.poll() is not None


def test_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch):
    chosen = variables(EngineSettings(threads=2))
    assert chosen["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    assert chosen["OMP_NUM_THREADS"] == "2"
    assert chosen["HF_HUB_OFFLINE"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in chosen
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert variables(EngineSettings(device="cuda:1"))["CUDA_VISIBLE_DEVICES"] == "1"
    for visible, second in (("4,6", "6"), ("4, 6", "6"), ("GPU-8f2c,MIG-41ab", "MIG-41ab")):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert variables(EngineSettings(device="cuda:1"))["CUDA_VISIBLE_DEVICES"] == second
