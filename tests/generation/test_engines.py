"""The contract of an engine, over both; vLLM's process is started once for this file."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.generation import Engine, Generation, Sampling
from benchbench.generation.choose import EngineChoice, installed_vllm
from benchbench.generation.engine_cache import EngineCache, open_engine
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.seeds import make_requests
from tests.reproducibility.test_same_responses import draw_twice_the_same

from .toys import EOS, TRAINED, VOCAB, greedy, logits_after, neox, prompts, sampled

HERE = installed_vllm()
NO_VLLM = pytest.mark.skipif(HERE is None or HERE.device_kind != "cpu", reason="no vLLM for CPU is installed")
ENGINES = [pytest.param("transformers"), pytest.param("vllm", marks=NO_VLLM)]
REQUESTS = make_requests(prompts(24), seed=7, samples=2)


@pytest.fixture(scope="module")
def opened() -> Iterator[Callable[[str], Engine]]:
    """Engine by name; each is opened once, and its model is whatever the last test loaded."""
    engines: dict[str, Engine] = {}

    def get(name: str) -> Engine:
        if name not in engines:
            engines[name] = open_engine(EngineChoice(name, ""), EngineSettings())
        return engines[name]

    yield get
    for engine in engines.values():
        engine.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two random models of one configuration."""
    base = tmp_path_factory.mktemp("models")
    return neox(base / "a", 0), neox(base / "b", 1)


@pytest.fixture
def engine(request: pytest.FixtureRequest, opened: Callable[[str], Engine], models: tuple[Path, Path]) -> Engine:
    engine = opened(request.param)
    engine.load(models[0])
    return engine


def each_engine(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test over both engines."""
    return pytest.mark.parametrize("engine", ENGINES, indirect=True)(test)


@each_engine
@pytest.mark.parametrize("sampling", [greedy(), sampled(temperature=0.9, top_p=0.95, top_k=50, penalty=1.1)])
def test_the_same_requests_give_the_same_in_any_order(engine: Engine, sampling: Sampling):
    responses = engine.generate(REQUESTS, sampling)
    assert [(g.example, g.sample) for g in responses] == [(r.example, r.sample) for r in REQUESTS]
    assert engine.generate(REQUESTS, sampling) == responses
    places = random.Random(0).sample(range(len(REQUESTS)), len(REQUESTS))
    assert engine.generate([REQUESTS[i] for i in places], sampling) == [responses[i] for i in places]


@each_engine
def test_the_seed_of_a_request_decides_its_draws_and_greedy_reads_none(engine: Engine):
    responses = engine.generate(REQUESTS, sampled())
    pairs = list(zip(responses[::2], responses[1::2], strict=True))
    assert all(response.tokens != other.tokens for response, other in pairs)
    again = make_requests(prompts(24), seed=8, samples=2)
    assert all(x.tokens != y.tokens for x, y in zip(responses, engine.generate(again, sampled()), strict=True))
    still = engine.generate(REQUESTS, greedy())
    assert all(response.tokens == other.tokens for response, other in zip(still[::2], still[1::2], strict=True))
    assert len({g.tokens for g in still}) > 20


@each_engine
def test_a_response_ends_at_a_stop_id_or_at_its_length_and_nowhere_else(engine: Engine):
    """The same draws with other stop ids: each response is the free one up to its first stop id."""
    free = engine.generate(REQUESTS, sampled(20, stop=(EOS,)))
    stops = (EOS, *range(2, 40))
    for response, whole in zip(engine.generate(REQUESTS, sampled(20, stop=stops)), free, strict=True):
        cut = next((i for i, token in enumerate(whole.tokens) if token in stops), None)
        if cut is None:
            assert response == whole
        else:
            assert response == Generation(whole.example, whole.sample, whole.tokens[:cut], "stop", whole.tokens[cut])
    assert all(len(g.tokens) == 20 for g in free if g.finish == "length")
    first = engine.generate(REQUESTS[:1], greedy(4))[0].tokens[0]
    ended = engine.generate(REQUESTS[:1], greedy(4, stop=(first,)))[0]
    assert (ended.tokens, ended.finish, ended.end) == ((), "stop", first)


@each_engine
def test_the_models_own_eos_ends_nothing_that_the_stop_ids_do_not_name(engine: Engine, opened: object):
    engine.load(TRAINED)
    requests = make_requests(prompts(12), seed=0)
    assert "stop" in {g.finish for g in engine.generate(requests, greedy(40))}
    responses = engine.generate(requests, greedy(40, stop=(VOCAB - 1,)))
    assert all(len(g.tokens) == 40 or g.finish == "stop" for g in responses)
    assert any(EOS in g.tokens for g in responses)


@each_engine
def test_a_prompt_fits_exactly_or_is_refused(engine: Engine):
    fitting = make_requests({"long": [5] * 100}, seed=0)
    assert len(engine.generate(fitting, greedy(28, stop=(0,)))[0].tokens) <= 28
    with pytest.raises(BenchError, match="example long: a prompt of 100 tokens leaves no room for max_new_tokens 29"):
        engine.generate(fitting, greedy(29))
    with pytest.raises(BenchError, match="outside the model's vocabulary"):
        engine.generate(make_requests({"alien": [VOCAB]}, seed=0), greedy(4))
    assert len(engine.generate(fitting, greedy(4))) == 1  # and it goes on


@each_engine
def test_loading_other_weights_leaves_nothing_of_the_last(engine: Engine, models: tuple[Path, Path]):
    first = engine.generate(REQUESTS, greedy())
    engine.load(models[1])
    second = engine.generate(REQUESTS, greedy())
    assert all(x.tokens != y.tokens for x, y in zip(first, second, strict=True))
    engine.load(models[0])
    assert engine.generate(REQUESTS, greedy()) == first


@each_engine
def test_a_folder_without_some_weights_is_refused(engine: Engine, models: tuple[Path, Path], tmp_path: Path):
    """Both a linear layer, which vLLM would leave as it was, and a norm."""
    from safetensors.torch import load_file, save_file

    for name in ("gpt_neox.layers.1.mlp.dense_h_to_4h.weight", "gpt_neox.final_layer_norm.weight"):
        folder = tmp_path / name
        shutil.copytree(models[1], folder)
        tensors = load_file(folder / "model.safetensors")
        del tensors[name]
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(BenchError, match=rf"expected all weights of the model, found none of {name}"):
            engine.load(folder)


@each_engine
def test_an_engine_says_what_it_is(engine: Engine, request: pytest.FixtureRequest):
    info = engine.info()
    assert info.engine in request.node.name
    assert (info.dtype, info.device_kind) == ("float32", "cpu")
    assert info.version
    assert info.start_seconds > 0
    assert info.settings["batch_size"] == 64
    assert info.settings["max_model_len"] == 128


@NO_VLLM
def test_both_engines_decode_greedily_token_for_token_alike(opened: Callable[[str], Engine], models: tuple[Path, Path]):
    """In float32; on random weights, after a reload, with a penalty, and on a model that was trained."""
    ours, theirs = opened("transformers"), opened("vllm")
    for model in (*models, TRAINED):
        ours.load(model)
        theirs.load(model)
        for sampling in (greedy(40), greedy(40, penalty=1.3)):
            assert theirs.generate(REQUESTS, sampling) == ours.generate(REQUESTS, sampling)


@NO_VLLM
def test_vllm_filters_as_the_transformers_engine_does(opened: Callable[[str], Engine], models: tuple[Path, Path]):
    """2 000 draws of vLLM from the exact distribution, and none of what the filters removed."""
    import torch
    from scipy import stats

    from benchbench.generation.token_sampler import probabilities

    engine = opened("vllm")
    engine.load(models[0])
    sampling = sampled(1, temperature=1.3, top_k=40, top_p=0.7, min_p=0.05)
    prompt = prompts(1, longest=4)["p0"]
    expected = 2000 * probabilities(logits_after(models[0], prompt).unsqueeze(0), sampling)[0]
    drawn = torch.zeros(VOCAB, dtype=torch.float64)
    for generation in engine.generate(make_requests({"a": prompt}, seed=1, samples=2000), sampling):
        drawn[generation.tokens[0] if generation.tokens else EOS] += 1
    assert drawn[expected == 0].sum() == 0
    common = expected > 0
    assert 4 < int(common.sum()) < 40
    assert stats.chisquare(drawn[common], expected[common]).pvalue > 1e-4


@NO_VLLM
def test_vllm_refuses_what_it_would_change(opened: Callable[[str], Engine], models: tuple[Path, Path], tmp_path: Path):
    engine = opened("vllm")
    engine.load(models[0])
    with pytest.raises(BenchError, match="takes temperature 0 or 0.01 to 2"):
        engine.generate(REQUESTS, sampled(temperature=0.001))
    with pytest.raises(BenchError, match="attention heads have size 16"):
        engine.load(neox(tmp_path / "narrow", 0, heads=8))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match=r"no config\.json"):
        engine.load(tmp_path / "empty")
    assert engine.generate(REQUESTS[:2], greedy(4))


@NO_VLLM
def test_the_same_recipe_twice_draws_the_same_responses(opened: Callable[[str], Engine], tmp_path: Path):
    """As tests/reproducibility has workers do with transformers; here one process of vLLM draws for both folders.

    It stands last, since another configuration has vLLM make its engine anew.
    """
    engine = opened("vllm")

    def here(choice: EngineChoice, settings: EngineSettings, *, log: Path | None = None) -> Engine:
        assert (choice.engine, settings) == ("vllm", EngineSettings()), "the engine of this file is what it asks for"
        return engine

    draw_twice_the_same("vllm", tmp_path, EngineCache(here))
