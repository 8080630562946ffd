"""Sampling from a mixture of policies: the transformers engine with several models, mixed at every token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchbench.core.generation import Generation, GenerationRequest, Sampling
from benchbench.generation.decode import decode_mixture
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.transformers_engine import TransformersEngine


class MixtureEngine(TransformersEngine):
    """Several models of one architecture; the next token is drawn from softmax of a weighted sum of log-probabilities.

    `load` takes the first model; `load_all` takes all of them.
    """

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self._mixture: list[tuple[Any, float]] = []

    def load_all(self, models: Sequence[tuple[Path, float]]) -> None:
        """Load the weights of several folders in place of those before.

        Args:
            models: folder of whole weights, and its weight in the sum; weights may be negative and sum to 1.

        Raises:
            BenchError: as `load` of each.
        """
        self._mixture = []
        mixture: list[tuple[Any, float]] = []
        for folder, weight in models:
            self.load(folder)
            mixture.append((self.model, weight))
        self._mixture = mixture

    def close(self) -> None:
        """Free the models' memory."""
        self._mixture = []
        super().close()

    def _decode(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        device = torch.device(self.settings.device)
        return decode_mixture(self._mixture, requests, sampling, device=device)
