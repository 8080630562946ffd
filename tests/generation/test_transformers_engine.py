"""The transformers engine against transformers itself, one prompt at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from benchbench.core.errors import BenchError
from benchbench.core.generation import Generation
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.seeds import make_requests
from benchbench.generation.transformers_engine import TransformersEngine
from benchbench.models.load import seeded

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
    by_id = prompts(24)
    responses = engine_with(folder, batch_size=10).generate(make_requests(by_id, seed=0), greedy(30, penalty=penalty))
    for generation in responses:
        expected = alone(folder, by_id[generation.example], 30, repetition_penalty=penalty)
        ended = expected[-1] == EOS
        assert generation.tokens == tuple(expected[:-1] if ended else expected)
        assert generation.finish == ("stop" if ended else "length")
    assert which == "random" or {g.finish for g in responses} == {"stop", "length"}


def test_draws_follow_the_exact_distribution_of_the_first_token(random_model: Path):
    """6 000 samples of one token; chi-square over all tokens with an expectation of 5 or more, at 1 in 10 000."""
    from scipy import stats

    sampling = sampled(1, temperature=1.3, top_k=40, top_p=0.9, min_p=0.02, stop=(EOS,))
    prompt = prompts(1, longest=4)["p0"]
    responses = engine_with(random_model, batch_size=512).generate(
        make_requests({"a": prompt}, seed=3, samples=6000), sampling
    )
    from benchbench.generation.token_sampler import probabilities

    expected = 6000 * probabilities(logits_after(random_model, prompt).unsqueeze(0), sampling)[0]
    drawn = torch.zeros(VOCAB, dtype=torch.float64)
    for generation in responses:
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
    responses = engine_with(random_model).generate(requests, sampling)
    assert {g.finish for g in responses} == {"stop", "length"}
    assert engine_with(random_model, batch_size=3).generate(requests, sampling) == responses
    assert engine_with(random_model, batch_size=1).generate(requests[:4], sampling) == responses[:4]


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


def test_attention_is_computed_as_the_recipe_says(tmp_path: Path):
    """Gemma 2 caps attention logits, under sdpa too; without the cap it is another model, by up to 0.75 nats."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        "gemma2",
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        vocab_size=VOCAB,
        max_position_embeddings=64,
        attn_logit_softcapping=0.5,
        query_pre_attn_scalar=1,
        tie_word_embeddings=False,
    )
    with seeded(0, "toy model"):
        model = AutoModelForCausalLM.from_config(config)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
        model.save_pretrained(tmp_path / "model")
    requests = make_requests(prompts(6, longest=20), seed=0)
    responses = {}
    for attention in ("eager", "sdpa"):
        engine = engine_with(tmp_path / "model", attn_implementation=attention)
        assert engine.info().settings["attn_implementation"] == attention
        responses[attention] = engine.generate(requests, greedy(20))
    assert responses["eager"] == responses["sdpa"]
    capped, uncapped = (
        AutoModelForCausalLM.from_pretrained(tmp_path / "model", attn_implementation=name) for name in ("eager", "sdpa")
    )
    tokens = [list(response.tokens) for response in responses["eager"]]
    assert tokens == [argmax_alone(capped, request.prompt, 20) for request in requests]
    assert tokens != [argmax_alone(uncapped, request.prompt, 20) for request in requests], "else this proves nothing"


def argmax_alone(model: Any, prompt: tuple[int, ...], count: int) -> list[int]:
    """Greedy decoding without a cache, batch or padding, up to EOS."""
    ids = list(prompt)
    for _ in range(count):
        with torch.no_grad():
            token = int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        if token == EOS:
            break
        ids.append(token)
    return ids[len(prompt) :]


def test_a_model_that_has_eager_attention_alone_is_served(tmp_path: Path):
    from transformers import BloomConfig, BloomForCausalLM

    with seeded(0, "toy model"):
        model = BloomForCausalLM(
            BloomConfig(vocab_size=VOCAB, hidden_size=32, n_layer=2, n_head=2, initializer_range=0.5)
        ).eval()
    model.save_pretrained(tmp_path / "model")
    requests = make_requests(prompts(6, longest=20), seed=0)
    for request, response in zip(
        requests,
        engine_with(tmp_path / "model", attn_implementation="eager").generate(requests, greedy(8)),
        strict=True,
    ):
        assert list(response.tokens) == argmax_alone(model, request.prompt, 8)
    with pytest.raises(BenchError, match="model.attn_implementation: .* eager works with every model"):
        engine_with(tmp_path / "model", attn_implementation="sdpa")


OTHER_CACHES = {
    "mamba": {"state_size": 8},
    "recurrent_gemma": {"intermediate_size": 64, "num_attention_heads": 2, "lru_width": 32, "num_hidden_layers": 3},
}
HYBRIDS = {
    "qwen3_next": {
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "linear_num_value_heads": 2,
        "linear_num_key_heads": 2,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
        "num_experts": 2,
        "num_experts_per_tok": 1,
        "moe_intermediate_size": 16,
        "shared_expert_intermediate_size": 16,
        "layer_types": ["linear_attention", "full_attention"],
    },
    "falcon_h1": {
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "mamba_d_ssm": 32,
        "mamba_n_heads": 2,
        "mamba_d_head": 16,
        "mamba_d_state": 8,
        "mamba_n_groups": 1,
    },
}


def random_of(kind: str, values: dict[str, Any], folder: Path) -> Any:
    """A model of large random weights, where what was read before a token matters; saved in the folder."""
    from transformers import AutoConfig, AutoModelForCausalLM

    special = {"bos_token_id": 0, "eos_token_id": EOS, "pad_token_id": 0}
    config = AutoConfig.for_model(
        kind, **{"vocab_size": VOCAB, "hidden_size": 32, "num_hidden_layers": 2, **special, **values}
    )
    with seeded(0, "toy model"):
        model = AutoModelForCausalLM.from_config(config).eval()
        for parameter in model.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.4)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("kind", OTHER_CACHES)
def test_a_model_whose_cache_is_of_another_kind_is_refused(tmp_path: Path, kind: str):
    """It would go on from every token as if it were the first, and say nothing."""
    random_of(kind, OTHER_CACHES[kind], tmp_path / "model")
    with pytest.raises(BenchError, match=rf"found a {kind}, .* use engine: vllm"):
        engine_with(tmp_path / "model", attn_implementation="eager")


@pytest.mark.parametrize("kind", HYBRIDS)
def test_rows_stay_in_a_cache_that_they_cannot_leave(tmp_path: Path, kind: str):
    model = random_of(kind, HYBRIDS[kind], tmp_path / "model")
    requests = make_requests(prompts(8, longest=12), seed=0)
    free = engine_with(tmp_path / "model").generate(requests, greedy(8))
    for request, response in zip(requests, free, strict=True):
        assert list(response.tokens) == argmax_alone(model, request.prompt, 8)
    stops = (EOS, *{response.tokens[1] for response in free[:5]})
    for whole, response in zip(
        free, engine_with(tmp_path / "model").generate(requests, greedy(8, stop=stops)), strict=True
    ):
        cut = next((i for i, token in enumerate(whole.tokens) if token in stops), len(whole.tokens))
        assert response.tokens == whole.tokens[:cut]


def test_a_short_context_is_no_reason_to_refuse(tmp_path: Path):
    random_of("gpt2", {"n_head": 2, "n_positions": 4}, tmp_path / "model")
    assert engine_with(tmp_path / "model").generate(make_requests({"a": [5, 6]}, seed=0), greedy(2))


@pytest.mark.parametrize("values", [{"dtype": "fp32"}, {"threads": 0}, {"batch_size": 0}, {"max_model_len": 1}])
def test_settings_that_mean_nothing_are_refused(values: dict[str, object]):
    with pytest.raises(ValueError, match=next(iter(values))):
        EngineSettings(**values)
