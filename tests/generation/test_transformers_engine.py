"""The transformers engine against transformers itself, one prompt at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchbench.core.errors import BenchError
from benchbench.core.generation import Generation
from benchbench.generation.seeds import make_requests
from benchbench.generation.settings import EngineSettings
from benchbench.generation.transformers_engine import TransformersEngine

from .toys import EOS, TRAINED, VOCAB, greedy, logits_after, neox, prompts, sampled


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return neox(tmp_path_factory.mktemp("neox"), 0)


def engine_with(folder: Path, **settings: object) -> TransformersEngine:
    engine = TransformersEngine(EngineSettings(**settings))
    engine.load(folder)
    return engine


def alone(folder: Path, prompt: list[int], new_tokens: int, **options: object) -> list[int]:
    """What transformers' own loop says to one prompt, without padding."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([prompt])
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=new_tokens,
        pad_token_id=0,
        eos_token_id=EOS,
        **options,
    )
    return out[0, len(prompt) :].tolist()


@pytest.mark.parametrize("penalty", [1.0, 1.4])
@pytest.mark.parametrize("which", ["random", "trained"])
def test_left_padded_batches_say_what_transformers_says_to_one_prompt(random_model: Path, which: str, penalty: float):
    folder = TRAINED if which == "trained" else random_model
    asked = prompts(24)
    found = engine_with(folder, batch_size=10).generate(make_requests(asked, seed=0), greedy(30, penalty=penalty))
    for generation in found:
        expected = alone(folder, asked[generation.example], 30, repetition_penalty=penalty)
        ended = expected[-1] == EOS
        assert generation.tokens == tuple(expected[:-1] if ended else expected)
        assert generation.finish == ("stop" if ended else "length")
    assert which == "random" or {g.finish for g in found} == {"stop", "length"}


def test_draws_follow_the_exact_distribution_of_the_first_token(random_model: Path):
    """6 000 samples of one token; chi-square over all tokens with an expectation of 5 or more, at 1 in 10 000."""
    from scipy import stats

    sampling = sampled(1, temperature=1.3, top_k=40, top_p=0.9, min_p=0.02, stop=(EOS,))
    prompt = prompts(1, longest=4)["p0"]
    found = engine_with(random_model, batch_size=512).generate(
        make_requests({"a": prompt}, seed=3, samples=6000), sampling
    )
    from benchbench.generation.sampler import probabilities

    expected = 6000 * probabilities(logits_after(random_model, prompt).unsqueeze(0), sampling)[0]
    drawn = torch.zeros(VOCAB, dtype=torch.float64)
    for generation in found:
        drawn[generation.tokens[0] if generation.tokens else EOS] += 1
    assert drawn[expected == 0].sum() == 0
    common = expected >= 5
    counts = torch.cat([drawn[common], drawn[~common].sum().unsqueeze(0)])
    masses = torch.cat([expected[common], expected[~common].sum().unsqueeze(0)])
    assert len(counts) > 8
    if masses[-1] == 0:
        counts, masses = counts[:-1], masses[:-1]
    assert stats.chisquare(counts, masses).pvalue > 1e-4


def test_a_response_does_not_depend_on_batch_size_or_company(random_model: Path):
    requests = make_requests(prompts(20), seed=1, samples=2)
    sampling = sampled(20, temperature=0.8, penalty=1.2, stop=tuple(range(1, 20)))
    found = engine_with(random_model).generate(requests, sampling)
    assert {g.finish for g in found} == {"stop", "length"}
    assert engine_with(random_model, batch_size=3).generate(requests, sampling) == found
    assert engine_with(random_model, batch_size=1).generate(requests[:4], sampling) == found[:4]


def test_what_no_engine_can_serve_is_refused_in_words(random_model: Path, tmp_path: Path):
    engine = TransformersEngine(EngineSettings())
    with pytest.raises(RuntimeError, match="before load"):
        engine.generate([], greedy())
    with pytest.raises(RuntimeError, match="before load"):
        engine.info()
    with pytest.raises(BenchError, match=r"no config\.json"):
        engine.load(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BenchError, match="found adapters"):
        engine.load(tmp_path)
    short = engine_with(random_model, max_model_len=20)
    with pytest.raises(BenchError, match="context of 20; lower max_new_tokens to 4"):
        short.generate(make_requests({"a": [5] * 16}, seed=0), greedy(5))
    assert short.generate([], greedy(5)) == []
    assert isinstance(short.generate(make_requests({"a": [5] * 16}, seed=0), greedy(4))[0], Generation)


@pytest.mark.parametrize("values", [{"dtype": "fp32"}, {"threads": 0}, {"batch_size": 0}, {"max_model_len": 1}])
def test_settings_that_mean_nothing_are_refused(values: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(values))):
        EngineSettings(**values)
