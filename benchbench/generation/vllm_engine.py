"""vLLM behind the engine protocol: a process of its own that serves model after model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.generation import EngineInfo, Generation, GenerationRequest, Sampling
from benchbench.generation.choose import EngineChoice, choose, vllm_obstacle
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.requests import canonical_order, check_requests
from benchbench.generation.shape import ModelShape, shape_of_folder
from benchbench.generation.vllm_child import Child, variables
from benchbench.generation.weights import alone, refuse_missing, weights_signature

ELEMENT_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
BLOCK_TOKENS = 128
"""Tokens that the cache is allotted in on CPU, and more than on CUDA."""
BATCHED_TOKENS = 4096
"""Tokens through the model in one step, at least: prompts of several requests are read together up to this."""
LEAST_ROOM = 2048
"""Tokens of a prompt with its response that vLLM has room for, at least, where the model reads so many."""


class VllmEngine:
    """Generation through vLLM, in one process for all models that are loaded one after another.

    Where configuration and names of tensors are the last model's, `load` puts other weights in place (hundredths of a
    second); else the process makes its engine anew (seconds), as it does for tied embeddings, whose head vLLM's reload
    forgets. On CUDA that takes a new process. A prompt longer than there is room for has the engine made anew, too.
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
        self.choice: EngineChoice = choose("vllm", shapes=(), device=settings.device)
        self.loaded_by = ""
        """How the last model came in: process started, weights reloaded, engine made anew."""
        self._log = log
        self._child: Child | None = None
        self._signature: dict[str, Any] = {}
        self._shape: ModelShape | None = None
        self._model: Path | None = None
        self._limit = 0
        """What the model can read."""
        self._needed = settings.expected_tokens
        """The most that was asked for so far, or is expected."""
        self._version = ""
        self._start_seconds: float | None = None
        self._load_seconds = 0.0
        self._arguments: dict[str, Any] = {}

    def load(self, model: Path) -> None:
        """Load the weights of a folder in place of those before.

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
        arguments = self._engine_arguments(shape, room(self._needed, limit))
        # what layers took no weights is heard in this engine's process alone, and not in those of other cards
        is_reloadable = not shape.tied and len(self.settings.devices) < 2
        same = signature == self._signature and arguments == self._arguments and is_reloadable
        if not same and self.settings.device_kind == "cuda":
            self.close()  # whether a second engine finds all memory of the first free was not tried there
        began = time.monotonic()
        if self._child is None or not self._child.alive():
            self.close()
            self._child = Child(variables(self.settings), log=self._log)
        with alone(model, trust_remote_code=trust) as served:
            engine = {"model": str(served.resolve()), **arguments}
            answer = self._child.ask(f"vLLM could not load {model}", do="load", engine=engine, reload=same)
        self.loaded_by, self._version = answer["how"], answer["version"]
        self._signature, self._shape, self._limit, self._arguments = signature, shape, limit, arguments
        self._model = model
        self._load_seconds = time.monotonic() - began
        if self._start_seconds is None:
            self._start_seconds = self._load_seconds

    def _context(self, shape: ModelShape, model: Path) -> int:
        limits = [limit for limit in (shape.context, self.settings.max_model_len) if limit is not None]
        if not limits:
            raise BenchError(f"{model}: its configuration names no context length; give max_model_len")
        return min(limits)

    def _engine_arguments(self, shape: ModelShape, length: int) -> dict[str, Any]:
        """Every setting that moves a number or takes memory, given explicitly, since vLLM's defaults vary."""
        settings, cpu = self.settings, self.settings.device_kind == "cpu"
        return {
            "tokenizer": None,
            "skip_tokenizer_init": True,
            "generation_config": "vllm",  # not the model's file, which would supply temperatures
            "load_format": "safetensors",
            "dtype": settings.dtype,
            "seed": 0,
            "max_model_len": length,
            "max_num_seqs": settings.batch_size,
            "max_num_batched_tokens": max(BATCHED_TOKENS, length),
            "enable_prefix_caching": False,
            "enable_chunked_prefill": False,
            "enforce_eager": cpu,  # CUDA graphs pay for themselves; compiling for CPU does not
            "kv_cache_memory_bytes": -(-cache_bytes(shape, settings, length) // max(1, len(settings.devices))),
            "gpu_memory_utilization": 0.3,
            "trust_remote_code": settings.trust_remote_code,
            "disable_log_stats": True,
            **_spread(settings),
        }

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        """One generation per request, in their order.

        Raises:
            BenchError: a prompt that does not leave room for `max_new_tokens`; a temperature that vLLM would change;
                the process failed, died, or made no progress for long.
            RuntimeError: no model was loaded.
        """
        return [response for response, _ in self._answers(requests, sampling, logps=False)]

    def generate_with_logps(
        self, requests: Sequence[GenerationRequest], sampling: Sampling
    ) -> list[tuple[Generation, list[float]]]:
        """As `generate`, with the engine's own log-probability of each drawn token, nats, the one that ended it last.

        For a look at how far the engine is from the training stack, whose numbers alone are trained on. They are of
        the policy's own distribution, whatever the sampling does to it.

        Raises:
            BenchError: as `generate`.
            RuntimeError: as `generate`.
        """
        return self._answers(requests, sampling, logps=True)

    def _answers(
        self, requests: Sequence[GenerationRequest], sampling: Sampling, *, logps: bool
    ) -> list[tuple[Generation, list[float]]]:
        if self._child is None or self._shape is None:
            raise RuntimeError("generate before load")
        check_requests(requests, sampling, limit=self._limit, vocab=self._shape.vocab)
        obstacle = vllm_obstacle(self._shape, self.settings.device, [sampling])
        if obstacle is not None:
            raise BenchError(f"generation: vLLM cannot do this: {obstacle}; use engine: auto or transformers")
        self._make_room(max((len(request.prompt) for request in requests), default=0) + sampling.max_new_tokens)
        assert self._child is not None
        order = canonical_order(requests)
        ordered = [requests[i] for i in order]
        answers = self._child.ask(
            "vLLM could not generate",
            do="generate",
            prompts=[request.prompt for request in ordered],
            seeds=[request.seed for request in ordered],
            sampling=asdict(sampling),
            logps=logps,
        )
        responses = {
            i: (_generation(requests[i], tokens, reason), numbers)
            for i, (tokens, reason, numbers) in zip(order, answers, strict=True)
        }
        return [responses[i] for i in range(len(requests))]

    def _make_room(self, needed: int) -> None:
        """Restart the engine where its room is too small."""
        self._needed = max(needed, self._needed or 0)
        if needed > self._arguments["max_model_len"]:
            assert self._model is not None
            self.load(self._model)

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
            loaded_by=self.loaded_by,
            load_seconds=self._load_seconds,
        )

    def close(self) -> None:
        """End the process and free its memory; a later `load` starts another."""
        if self._child is not None:
            self._child.close()
            self._child = None


def room(needed: int | None, context: int) -> int:
    """Tokens of a prompt with its response that vLLM is sized for, as a power of two, so that it seldom changes.

    Args:
        needed: by the longest prompt with its response, as far as known.
        context: what the model can read.
    """
    return min(context, max(LEAST_ROOM, 1 << max(0, (needed or 0) - 1).bit_length()))


def _spread(settings: EngineSettings) -> dict[str, Any]:
    """What vLLM is told of several cards: a process on each, with its part of every layer."""
    if len(settings.devices) < 2:
        return {}
    return {"tensor_parallel_size": len(settings.devices), "distributed_executor_backend": "mp"}


def cache_bytes(shape: ModelShape, settings: EngineSettings, length: int) -> int:
    """Memory for keys and values: of a full batch, or as much as there may be, or of two responses of full length."""
    per_token = shape.cache_bytes_per_token(ELEMENT_BYTES[settings.dtype])
    per_response = per_token * (length // BLOCK_TOKENS + 2) * BLOCK_TOKENS
    return max(min(per_response * settings.batch_size, int(settings.kv_cache_gib * 2**30)), 2 * per_response)


def _generation(request: GenerationRequest, tokens: Sequence[int], reason: str) -> Generation:
    """The stop token, which vLLM leaves at the end of a response, is no part of it."""
    if reason == "stop":
        return Generation(request.example, request.sample, tuple(tokens[:-1]), "stop", tokens[-1])
    if reason != "length":
        raise BenchError(f"example {request.example}: vLLM ended a response for the reason '{reason}', not asked for")
    return Generation(request.example, request.sample, tuple(tokens), "length")
