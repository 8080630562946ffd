"""Sampling from a mixture of policies, against the models themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.mixture_engine import MixtureEngine
from benchbench.generation.seeds import draw_seed, make_requests
from benchbench.generation.transformers_engine import TransformersEngine

from .toys import TRAINED, greedy, logits_after, neox, prompts, sampled


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return neox(tmp_path_factory.mktemp("neox"), 0)


def mixture(*models: tuple[Path, float]) -> MixtureEngine:
    engine = MixtureEngine(EngineSettings(batch_size=4))
    engine.load_all(models)
    return engine


def test_a_model_mixed_with_itself_draws_as_it_does_alone():
    requests = make_requests(prompts(6), seed=0, samples=2)
    alone = TransformersEngine(EngineSettings(batch_size=4))
    alone.load(TRAINED)
    mixed = mixture((TRAINED, 0.25), (TRAINED, 0.75)).generate(requests, sampled(8))
    assert mixed == alone.generate(requests, sampled(8))


@pytest.mark.parametrize("weight", [0.5, -0.5])
def test_the_next_token_is_the_mixtures(random_model: Path, weight: float):
    """Of summed log-probabilities by weight, which may be negative, the likeliest token comes first."""
    by_id = prompts(4)
    requests = make_requests(by_id, seed=0)
    for generation in mixture((TRAINED, 1 - weight), (random_model, weight)).generate(requests, greedy(1)):
        prompt = by_id[generation.example]
        logps = [logits_after(folder, prompt).double().log_softmax(-1) for folder in (TRAINED, random_model)]
        best = int(torch.argmax((1 - weight) * logps[0] + weight * logps[1]))
        assert (*generation.tokens, generation.end)[0] == best


def test_draws_of_training_have_names_of_their_own():
    seeds = {draw_seed(1, where, "e", sample) for where in ("rollout r1", "rollout r2") for sample in (0, 1)}
    assert len(seeds) == 4 and draw_seed(2, "rollout r1", "e", 0) not in seeds
