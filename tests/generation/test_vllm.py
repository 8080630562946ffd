"""What takes more than one start of vLLM: reload against a fresh process, models of all kinds, death, limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchbench.batches.padded import collate
from benchbench.core.errors import BenchError
from benchbench.core.generation import Generation, Sampling
from benchbench.data.tokenized import TokenizedExample, drawn_candidate
from benchbench.generation.choose import CPU_HEAD_SIZES, installed_vllm
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.merge import merge_adapter
from benchbench.generation.seeds import make_requests
from benchbench.generation.shape import ModelShape, shape_of_folder
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.generation.vllm_engine import VllmEngine
from benchbench.models.load import ModelSpec, load_trained, seeded
from benchbench.models.logps import token_logps

from .toys import TRAINED, VOCAB, greedy, neox, prompts, sampled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(installed_vllm() is None, reason="vLLM is not installed"),
]
REQUESTS = make_requests(prompts(24), seed=7, samples=2)
SPEC = {"dtype": "float32", "attn_implementation": "sdpa", "trust_remote_code": False}


def process_of(engine: VllmEngine) -> int:
    assert engine._child is not None
    return engine._child._process.pid


def reference(folder: Path, sampling: Sampling) -> list[Generation]:
    engine = TransformersEngine(EngineSettings())
    engine.load(folder)
    return engine.generate(REQUESTS, sampling)


def llama(folder: Path, seed: int, *, tied: bool = False) -> Path:
    """A random Llama with fewer key-value heads than heads."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=128,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        initializer_range=0.1,
        tie_word_embeddings=tied,
    )
    with seeded(seed, "toy model"):
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_its_log_probabilities_of_drawn_tokens_are_those_of_the_training_stack():
    """The same responses as without them, and the number of every token, the one that ended it last."""
    engine, sampling = VllmEngine(EngineSettings()), sampled()
    try:
        engine.load(TRAINED)
        answers = engine.generate_with_logps(REQUESTS, sampling)
        assert [response for response, _ in answers] == engine.generate(REQUESTS, sampling)
    finally:
        engine.close()
    model = load_trained(TRAINED, ModelSpec(SPEC, None), trainable=False)
    for request, (response, numbers) in list(zip(REQUESTS, answers, strict=True))[:8]:
        drawn = [*response.tokens, *([] if response.end is None else [response.end])]
        example = TokenizedExample("a", (drawn_candidate(request.prompt, drawn),), identical=False, columns={})
        with torch.no_grad():
            ours = token_logps(model.eval(), collate([example], pad=0, device=torch.device("cpu")))
        assert numbers == pytest.approx(ours.token[ours.response].tolist(), abs=1e-4)


@pytest.mark.parametrize("fresh", [0, 1])
def test_a_reloaded_model_answers_as_in_a_fresh_process(tmp_path: Path, fresh: int):
    """Whichever of two models comes first, greedy and sampled."""
    models = [neox(tmp_path / name, i) for i, name in enumerate(("one", "two"))]
    engine, other = VllmEngine(EngineSettings()), VllmEngine(EngineSettings())
    try:
        other.load(models[fresh])
        for model in (*models, models[0]) if fresh == 0 else models:
            engine.load(model)
        assert engine.loaded_by == "weights reloaded"
        for sampling in (greedy(), sampled(temperature=0.8, top_p=0.9)):
            assert engine.generate(REQUESTS, sampling) == other.generate(REQUESTS, sampling)
    finally:
        engine.close()
        other.close()


def test_one_process_serves_models_of_all_kinds(tmp_path: Path):
    """Tied embeddings too, whose head vLLM's own reload would leave as it was; each checked against transformers."""
    models = [
        (neox(tmp_path / "neox0", 0), "process started"),
        (neox(tmp_path / "neox1", 1), "weights reloaded"),
        (neox(tmp_path / "neox2", 2, layers=2, tied=True), "engine made anew"),
        (neox(tmp_path / "neox3", 3, layers=2, tied=True), "engine made anew"),
        (llama(tmp_path / "llama0", 0), "engine made anew"),
        (llama(tmp_path / "llama1", 1), "weights reloaded"),
        (llama(tmp_path / "llama2", 2, tied=True), "engine made anew"),
        (llama(tmp_path / "llama3", 3, tied=True), "engine made anew"),
        (TRAINED, "engine made anew"),
    ]
    engine = VllmEngine(EngineSettings())
    try:
        processes = []
        for folder, how in models:
            engine.load(folder)
            assert engine.loaded_by == how
            processes.append(process_of(engine))
            assert engine.generate(REQUESTS, greedy()) == reference(folder, greedy()), folder.name
        assert len(set(processes)) == 1
    finally:
        engine.close()


def test_a_prompt_longer_than_there_is_room_for_is_answered_alike(tmp_path: Path):
    """The engine is made anew with more room, and goes on with it."""
    model, other = (reading_much(neox(tmp_path / name, i)) for i, name in enumerate(("one", "two")))
    long = make_requests({**prompts(4), "long": [5 + i % 200 for i in range(2100)]}, seed=7)
    engine, expected = VllmEngine(EngineSettings(expected_tokens=100)), TransformersEngine(EngineSettings())
    try:
        engine.load(model)
        expected.load(model)
        assert engine.generate(REQUESTS, greedy()) == expected.generate(REQUESTS, greedy())
        assert engine.info().settings["max_model_len"] == 2048
        assert engine.generate(long, greedy(12)) == expected.generate(long, greedy(12))
        assert engine.info().settings["max_model_len"] == 4096
        engine.load(other)
        expected.load(other)
        assert engine.loaded_by == "weights reloaded"
        assert engine.generate(REQUESTS, greedy()) == expected.generate(REQUESTS, greedy())
        with pytest.raises(BenchError, match="in the model's context of 8192"):
            engine.generate(long, greedy(8000))
    finally:
        engine.close()


def reading_much(folder: Path) -> Path:
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"max_position_embeddings": 8192}
    path.write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_a_model_that_was_untied_to_merge_its_adapters_is_served(tmp_path: Path):
    from peft import LoraConfig, get_peft_model

    settings = {"dtype": "float32", "attn_implementation": "sdpa", "trust_remote_code": False}
    base = ModelSpec(settings, str(neox(tmp_path / "base", 0, layers=2, tied=True)))
    lora = LoraConfig(r=4, target_modules=["query_key_value", "lm_head"], init_lora_weights=False)
    with seeded(1, "adapters"):
        get_peft_model(load_trained(tmp_path / "base", base, trainable=True), lora).save_pretrained(tmp_path / "lora")
    folder = merge_adapter(tmp_path / "lora", base, tmp_path / "merged")
    engine = VllmEngine(EngineSettings())
    try:
        engine.load(folder)
        responses = engine.generate(REQUESTS, greedy())
        assert responses == reference(folder, greedy())
        assert responses != reference(tmp_path / "base", greedy())
    finally:
        engine.close()


def test_a_reload_that_passes_a_layer_by_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The second guard: the log is believed even where the configuration is not said to be tied.

    It is read whatever a user, or a library of this process, has vLLM print.
    """
    monkeypatch.setenv("VLLM_LOGGING_LEVEL", "ERROR")
    monkeypatch.setattr("benchbench.generation.vllm_engine.shape_of_folder", untied)
    first, second = (neox(tmp_path / name, i, layers=2, tied=True) for i, name in enumerate(("one", "two")))
    engine = VllmEngine(EngineSettings())
    try:
        engine.load(first)
        engine.load(second)
        assert engine.loaded_by == "engine made anew"
        assert engine.generate(REQUESTS, greedy()) == reference(second, greedy())
    finally:
        engine.close()


def untied(folder: Path, **options: bool) -> ModelShape:
    return replace(shape_of_folder(folder, **options), tied=False)


def test_a_process_that_is_killed_is_one_clear_error_and_the_next_load_starts_another(tmp_path: Path):
    log = tmp_path / "engine.log"
    engine = VllmEngine(EngineSettings(), log=log)
    try:
        engine.load(TRAINED)
        os.kill(process_of(engine), 9)
        began = time.monotonic()
        with pytest.raises(BenchError, match=r"vLLM could not generate: its process ended with exit code -9"):
            engine.generate(REQUESTS, greedy())
        assert time.monotonic() - began < 10
        assert "Loading weights" in log.read_text(encoding="utf-8")
        engine.load(TRAINED)
        assert len(engine.generate(REQUESTS, greedy())) == len(REQUESTS)
    finally:
        engine.close()


def test_the_process_ends_with_the_process_that_asked(tmp_path: Path):
    """Killed so that nothing can be tidied up."""
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from benchbench.generation.engine_settings import EngineSettings\n"
        "from benchbench.generation.vllm_engine import VllmEngine\n"
        "engine = VllmEngine(EngineSettings())\nengine.load(Path(sys.argv[1]))\n"
        "print(engine._child._process.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    variables = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code, TRAINED], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    gone = Path("/proc") / done.stdout.split()[-1]
    until = time.monotonic() + 20
    while gone.exists() and time.monotonic() < until:
        time.sleep(0.2)
    assert not gone.exists()
    assert list(tmp_path.iterdir()) == []


def test_the_head_sizes_are_those_that_this_vllm_has():
    code = (
        "from vllm.v1.attention.backends.cpu_attn import CPUAttentionBackend as backend\n"
        "print(*backend.get_supported_head_sizes())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert tuple(map(int, done.stdout.split()[-len(CPU_HEAD_SIZES) :])) == CPU_HEAD_SIZES
