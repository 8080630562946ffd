"""vLLM behind the engine protocol: a process of its own that serves model after model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.generation import EngineInfo, Generation, Request, Sampling
from benchbench.generation.choose import Choice, choose, vllm_obstacle
from benchbench.generation.requests import canonical_order, check_requests
from benchbench.generation.settings import EngineSettings
from benchbench.generation.shape import ModelShape, shape_of_folder
from benchbench.generation.vllm_child import Child, variables
from benchbench.generation.weights import refuse_missing, weights_signature

ELEMENT_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
BLOCK_TOKENS = 128
"""Tokens that the cache is allotted in on CPU, and more than on CUDA."""
BATCHED_TOKENS = 4096
"""Tokens through the model in one step, at least: prompts of several requests are read together up to this."""


class VllmEngine:
    """Generation through vLLM, in one process for all models that are loaded one after another.

    Where configuration and names of tensors are the last model's, `load` puts other weights in place (hundredths of a
    second); else the process makes its engine anew (seconds), as it does for tied embeddings, whose head vLLM's reload
    forgets. On CUDA that takes a new process.
    """

    def __init__(self, settings: EngineSettings, *, log: Path | None = None) -> None:
        """Nothing starts yet.

        Args:
            settings: how it runs.
            log: file for what the process prints; none keeps it only as long as the process.

        Raises:
            BenchError: vLLM is not installed, or is built for another kind of device.
        """
        self.settings = settings
        self.choice: Choice = choose("vllm", shapes=(), device=settings.device)
        self.loaded_by = ""
        """How the last model came in: process started, weights reloaded, engine made anew."""
        self._log = log
        self._child: Child | None = None
        self._signature: dict[str, Any] = {}
        self._shape: ModelShape | None = None
        self._limit = 0
        self._version = ""
        self._start_seconds: float | None = None
        self._arguments: dict[str, Any] = {}

    def load(self, model: Path) -> None:
        """Take the weights of a folder in place of the last ones.

        Raises:
            BenchError: no model there, only adapters, or not all of its weights; a head size that vLLM cannot serve;
                the process failed or died.
        """
        trust = self.settings.trust_remote_code
        shape = shape_of_folder(model, trust_remote_code=trust)
        obstacle = vllm_obstacle(shape, self.settings.device)
        if obstacle is not None:
            raise BenchError(f"{model}: vLLM cannot serve this model: {obstacle}; use engine: auto or transformers")
        signature, limit = weights_signature(model), self._context(shape, model)
        refuse_missing(model, trust_remote_code=trust)
        arguments = self._engine_arguments(shape, limit)
        same = signature == self._signature and not shape.tied
        if not same and self.settings.device_kind == "cuda":
            self.close()  # whether a second engine finds all memory of the first free was not tried there
        began = time.monotonic()
        if self._child is None or not self._child.alive():
            self.close()
            self._child = Child(variables(self.settings), log=self._log)
        engine = {"model": str(model.resolve()), **arguments}
        answer = self._child.ask(f"vLLM could not load {model}", do="load", engine=engine, reload=same)
        self.loaded_by, self._version = answer["how"], answer["version"]
        self._signature, self._shape, self._limit, self._arguments = signature, shape, limit, arguments
        if self._start_seconds is None:
            self._start_seconds = time.monotonic() - began

    def _context(self, shape: ModelShape, model: Path) -> int:
        limits = [limit for limit in (shape.context, self.settings.max_model_len) if limit is not None]
        if not limits:
            raise BenchError(f"{model}: its configuration names no context length; give max_model_len")
        return min(limits)

    def _engine_arguments(self, shape: ModelShape, limit: int) -> dict[str, Any]:
        """Everything that moves a number or takes memory, said; vLLM has defaults for each that depend on much."""
        settings, cpu = self.settings, self.settings.device_kind == "cpu"
        per_token = shape.cache_bytes_per_token(ELEMENT_BYTES[settings.dtype])
        tokens = (limit // BLOCK_TOKENS + 2) * BLOCK_TOKENS
        wanted = min(per_token * tokens * settings.batch_size, int(settings.kv_cache_gib * 2**30))
        return {
            "tokenizer": None,
            "skip_tokenizer_init": True,
            "generation_config": "vllm",  # not the model's file, which would supply temperatures
            "load_format": "safetensors",
            "dtype": settings.dtype,
            "seed": 0,
            "max_model_len": limit,
            "max_num_seqs": settings.batch_size,
            "max_num_batched_tokens": max(BATCHED_TOKENS, limit),
            "enable_prefix_caching": False,
            "enable_chunked_prefill": False,
            "enforce_eager": cpu,  # CUDA graphs pay for themselves; compiling for CPU does not
            "kv_cache_memory_bytes": max(wanted, 2 * per_token * tokens),
            "gpu_memory_utilization": 0.3,
            "trust_remote_code": settings.trust_remote_code,
            "disable_log_stats": True,
        }

    def generate(self, requests: Sequence[Request], sampling: Sampling) -> list[Generation]:
        """One generation per request, in their order.

        Raises:
            BenchError: a prompt that does not leave room for `max_new_tokens`; a temperature that vLLM would change;
                the process failed, died, or made no progress for long.
            RuntimeError: no model was loaded.
        """
        if self._child is None or self._shape is None:
            raise RuntimeError("generate before load")
        check_requests(requests, sampling, limit=self._limit, vocab=self._shape.vocab)
        obstacle = vllm_obstacle(self._shape, self.settings.device, [sampling])
        if obstacle is not None:
            raise BenchError(f"generation: vLLM cannot do this: {obstacle}; use engine: auto or transformers")
        order = canonical_order(requests)
        ordered = [requests[i] for i in order]
        answers = self._child.ask(
            "vLLM could not generate",
            do="generate",
            prompts=[request.prompt for request in ordered],
            seeds=[request.seed for request in ordered],
            sampling=asdict(sampling),
        )
        found = {i: _generation(requests[i], *answer) for i, answer in zip(order, answers, strict=True)}
        return [found[i] for i in range(len(requests))]

    def info(self) -> EngineInfo:
        """What it is.

        Raises:
            RuntimeError: no model was loaded.
        """
        if self._start_seconds is None:
            raise RuntimeError("info before load")
        return EngineInfo(
            engine="vllm",
            version=self._version,
            dtype=self.settings.dtype,
            device_kind=self.settings.device_kind,
            start_seconds=self._start_seconds,
            settings={
                **self.settings.facts(),
                **{key: value for key, value in self._arguments.items() if key not in ("tokenizer", "dtype")},
                "variables": variables(self.settings),
            },
        )

    def close(self) -> None:
        """End the process and free its memory; a later `load` starts another."""
        if self._child is not None:
            self._child.close()
            self._child = None


def _generation(request: Request, tokens: Sequence[int], reason: str) -> Generation:
    """The stop token, which vLLM leaves at the end of a response, is no part of it."""
    if reason == "stop":
        return Generation(request.example, request.sample, tuple(tokens[:-1]), "stop", tokens[-1])
    if reason != "length":
        raise BenchError(f"example {request.example}: vLLM ended a response for the reason '{reason}', not asked for")
    return Generation(request.example, request.sample, tuple(tokens), "length")
