"""What is saved comes back as it was, or is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from benchbench.core.errors import BenchError, ExitCode
from benchbench.models.load import ModelSpec, add_lora, build_base, load_trained, save_trained
from benchbench.models.logps import token_logps
from benchbench.models.saving import LOW_TOLERANCE, TOLERANCE, probe, save_and_read_back, save_whole

from .toys import batch, spec, tiny, tokenizer

KINDS = {
    "gpt_neox": "dense",
    "llama": "q_proj",
    "gpt2": "c_attn",
    "opt": "q_proj",
    "bloom": "dense",
    "gemma2": "q_proj",
}
BAD_GENERATION = {"temperature": 0.6, "top_p": 0.9, "eos_token_id": [1, 5]}


def moved(model: Any) -> Any:
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn(parameter.shape, generator=rng).to(parameter.dtype)
    return model


def logps(model: Any) -> torch.Tensor:
    return token_logps(model, batch()).token.flatten()


def kept(model: Any, folder: Path, given: ModelSpec, spoil: Callable[[], object] = lambda: None) -> float:
    """The difference after saving and loading; the folder may be spoilt in between."""

    def save() -> None:
        save_trained(model, tokenizer(), folder)
        spoil()

    def load() -> Any:
        return load_trained(folder, given, trainable=False)

    return save_and_read_back(model, save=save, load=load, score=logps, where=folder)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("adapters", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_comes_back_exactly(tmp_path: Path, kind: str, adapters: bool, tied: bool, dtype: str):
    tiny(kind, tie_word_embeddings=tied).save_pretrained(tmp_path / "base")
    given = spec(kind, path=str(tmp_path / "base"), dtype=dtype)
    if kind == "bloom":
        given = ModelSpec({**given.settings, "attn_implementation": "eager"}, given.path)
    model = build_base(given, tokenizer(), seed=1)
    if adapters:
        lora = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": [KINDS[kind]]}
        model = add_lora(model, lora, seed=1)
    assert kept(moved(model), tmp_path / "model", given) == 0.0


def test_the_memory_of_the_model_is_freed(tmp_path: Path):
    given = spec()
    model = build_base(given, tokenizer(), seed=1)
    kept(model, tmp_path, given)
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}


def with_changed(path: Path, name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    found = load_file(path)
    save_file(found | {name: change(found[name]).contiguous()}, path, metadata={"format": "pt"})


def test_another_weight_is_named(tmp_path: Path):
    given, name = spec(), "gpt_neox.layers.1.mlp.dense_4h_to_h.weight"
    path = tmp_path / "model.safetensors"
    with pytest.raises(BenchError) as caught:
        kept(
            build_base(given, tokenizer(), seed=1),
            tmp_path,
            given,
            spoil=lambda: with_changed(path, name, lambda t: 1.1 * t),
        )
    assert str(caught.value).startswith(f"{tmp_path}: read back, it is another model than the one that was saved")
    assert f"1 weights with other values: {name}" in str(caught.value)
    assert caught.value.exit_code is ExitCode.FAILED


def test_another_configuration_is_noticed(tmp_path: Path):
    def spoil() -> None:
        config = json.loads((tmp_path / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 0.1}))

    with pytest.raises(BenchError, match="all weights and buffers are the same, so the configuration is not"):
        kept(moved(build_base(spec(), tokenizer(), seed=1)), tmp_path, spec(), spoil=spoil)


def test_one_weight_in_bfloat16_is_noticed_however_little_it_moves(tmp_path: Path):
    given, name = spec(dtype="bfloat16"), "embed_out.weight"

    def nudge(weight: torch.Tensor) -> torch.Tensor:
        weight[0, 0] *= 1.01
        return weight

    with pytest.raises(BenchError, match=r"1 weights with other values: lm_head\.weight"):
        kept(
            build_base(given, tokenizer(), seed=1),
            tmp_path,
            given,
            spoil=lambda: with_changed(tmp_path / "model.safetensors", name, nudge),
        )


def test_rounded_weights_are_noticed(tmp_path: Path):
    """What a folder holds in bfloat16 is not what was trained in float32."""
    with pytest.raises(BenchError, match=r"1 weights with other values: lm_head\.weight"):
        kept(
            moved(build_base(spec(), tokenizer(), seed=1)),
            tmp_path,
            spec(),
            spoil=lambda: with_changed(tmp_path / "model.safetensors", "embed_out.weight", lambda t: t.bfloat16()),
        )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([0.0, float("nan")], [0.0, float("nan")], None),
        ([0.0, 1.0], [0.0, float("nan")], "inf"),
        ([0.0], [0.0, 1.0], "inf"),
        ([0.0], [2 * TOLERANCE], "0.0002"),
        ([0.0], [TOLERANCE / 2], None),
    ],
)
def test_numbers_are_compared_one_by_one(before: list[float], after: list[float], told: str | None):
    """A model whose training ended in numbers that are not finite is kept as what it is."""
    found = iter([torch.tensor(before), torch.tensor(after)])

    def compared() -> float:
        return save_and_read_back(
            torch.nn.Identity(),
            save=lambda: None,
            load=torch.nn.Identity,
            score=lambda model: next(found),
            where=Path("x"),
        )

    if told is None:
        assert compared() <= TOLERANCE
    else:
        with pytest.raises(BenchError, match=f"numbers move by {told}, at most"):
            compared()


def test_the_tolerance_is_that_of_the_lowest_precision():
    found = iter([torch.tensor([0.0]), torch.tensor([LOW_TOLERANCE])])
    model = torch.nn.Linear(1, 1, dtype=torch.bfloat16)
    again = copy.deepcopy(model)
    difference = save_and_read_back(
        model, save=lambda: None, load=lambda: again, score=lambda one: next(found), where=Path("x")
    )
    assert difference == LOW_TOLERANCE > TOLERANCE


def test_generation_settings_that_contradict_themselves_are_kept(tmp_path: Path):
    """Transformers loads them and refuses to save them, which would end a stage after its last step."""
    tiny("llama").save_pretrained(tmp_path / "base")
    (tmp_path / "base" / "generation_config.json").write_text(json.dumps(BAD_GENERATION))
    given = spec("llama", path=str(tmp_path / "base"))
    model = build_base(given, tokenizer(), seed=1)
    with pytest.raises(ValueError, match="GenerationConfig is invalid"):
        model.save_pretrained(tmp_path / "plain")
    assert kept(moved(model), tmp_path / "model", given) == 0.0
    found = json.loads((tmp_path / "model" / "generation_config.json").read_text())
    assert BAD_GENERATION.items() <= found.items()
    assert model.generation_config.temperature == BAD_GENERATION["temperature"]


def test_sound_generation_settings_are_saved_by_transformers(tmp_path: Path):
    model = tiny("llama")
    model.save_pretrained(tmp_path / "plain")
    save_whole(model, tmp_path / "ours")
    for path in (tmp_path / "plain").iterdir():
        assert (tmp_path / "ours" / path.name).read_bytes() == path.read_bytes()


def test_a_probe_is_the_log_probability_of_its_tokens():
    model = tiny()
    ids = torch.tensor([7919 * place % 61 for place in range(1, 33)])
    with torch.no_grad():
        logps = model(input_ids=ids[None]).logits[0].log_softmax(dim=-1)
    expected = torch.stack([logps[place, ids[place + 1]] for place in range(31)])
    torch.testing.assert_close(probe(model), expected)


def test_what_is_saved_is_read_by_transformers_alone(tmp_path: Path):
    model = moved(tiny())
    save_whole(model, tmp_path)
    with torch.no_grad():
        assert torch.equal(logps(AutoModelForCausalLM.from_pretrained(tmp_path).eval()), logps(model))
