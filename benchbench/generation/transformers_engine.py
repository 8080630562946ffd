"""The engine that is always there: transformers' models, decoded in batches in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchbench.core.generation import EngineInfo, Generation, GenerationRequest, Sampling
from benchbench.core.installed import version
from benchbench.generation.decode import check_cache, decode
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.requests import canonical_order, check_requests
from benchbench.generation.shape import shape_of_folder
from benchbench.models import load


class TransformersEngine:
    """Generation through `transformers`, in the calling process and with its number of threads."""

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._device = torch.device(settings.device)
        self._model: Any = None
        self._limit: int | None = None
        self._vocab = 0
        self._start_seconds: float | None = None
        self._load_seconds = 0.0

    def load(self, model: Path) -> None:
        """Load the weights of a folder in place of those before.

        Raises:
            BenchError: no model there, only adapters, or not all of its weights; one whose cache cannot be carried on.
        """
        began = time.monotonic()
        self._model = None  # its memory is free before the next one takes more
        shape = shape_of_folder(model, trust_remote_code=self.settings.trust_remote_code)
        values = {
            "dtype": self.settings.dtype,
            "attn_implementation": self.settings.attn_implementation,
            "trust_remote_code": self.settings.trust_remote_code,
        }
        loaded = load.load_trained(model, load.ModelSpec(values, None), trainable=False)
        loaded = loaded.to(self._device).eval()
        limits = [limit for limit in (shape.context, self.settings.max_model_len) if limit is not None]
        self._limit, self._vocab = min(limits, default=None), shape.vocab
        with torch.inference_mode():
            check_cache(loaded, device=self._device, context=self._limit)
        self._model = loaded
        self._load_seconds = time.monotonic() - began
        if self._start_seconds is None:
            self._start_seconds = self._load_seconds

    @property
    def model(self) -> Any:
        """The loaded model; none before `load`."""
        return self._model

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        """One generation per request, in their order; batches are made in an order of their own.

        Raises:
            BenchError: a prompt that does not leave room for `max_new_tokens`; nothing is ever cut.
            RuntimeError: no model was loaded.
        """
        if self._model is None:
            raise RuntimeError("generate before load")
        check_requests(requests, sampling, limit=self._limit, vocab=self._vocab)
        order, size = canonical_order(requests), self.settings.batch_size
        responses: dict[int, Generation] = {}
        with torch.inference_mode():
            for start in range(0, len(order), size):
                part = order[start : start + size]
                drawn = self._decode([requests[i] for i in part], sampling)
                responses |= dict(zip(part, drawn, strict=True))
        return [responses[i] for i in range(len(requests))]

    def _decode(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        """One batch."""
        return decode(self._model, requests, sampling, device=self._device)

    def info(self) -> EngineInfo:
        """What it is.

        Raises:
            RuntimeError: no model was loaded.
        """
        if self._start_seconds is None:
            raise RuntimeError("info before load")
        return EngineInfo(
            engine="transformers",
            version=version("transformers"),
            dtype=self.settings.dtype,
            device_kind=self.settings.device_kind,
            start_seconds=self._start_seconds,
            settings={
                **self.settings.facts(),
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
                "attn_implementation": self.settings.attn_implementation,
                "max_model_len": self._limit,
            },
            load_seconds=self._load_seconds,
        )

    def close(self) -> None:
        """Free the model's memory."""
        self._model = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
