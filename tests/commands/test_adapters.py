"""Folders of adapters from elsewhere: what is merged, what is merged again, and what is refused."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, ROOT, bench
from safetensors.torch import load_file, save_file

from benchbench.commands.evaluate.adapters import whole_weights
from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.model_files import is_adapters_alone
from benchbench.generation import merge
from benchbench.models.adapters import MERGE_VERSION

BASE = ROOT / "results" / "reference" / "tiny" / "checkpoint"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Moved LoRA adapters as peft saves them, without a tokenizer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("made") / "adapters"
    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["query_key_value"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config).save_pretrained(folder)
    return folder


@pytest.fixture
def adapters(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "adapters")


def configured(folder: Path, **values: object) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def with_tensors(folder: Path, change: Callable[[str, Any], tuple[str, Any]]) -> None:
    found = dict(change(name, tensor) for name, tensor in load_file(folder / WEIGHTS).items())
    save_file(found, folder / WEIGHTS)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_tokenizer_is_part_of_what_was_merged(adapters: Path, tmp_path: Path):
    """Else an edited template, or another tokenizer, would go unseen once the weights are merged."""
    first = whole_weights(adapters, tmp_path / "runs")
    assert whole_weights(adapters, tmp_path / "runs") == first
    assert (first / "tokenizer.json").read_bytes() == (BASE / "tokenizer.json").read_bytes()
    (adapters / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    second = whole_weights(adapters, tmp_path / "runs")
    assert second != first
    assert (second / "chat_template.jinja").read_text(encoding="utf-8") == "{{ messages }}"
    (adapters / "chat_template.jinja").write_text("{{ other }}", encoding="utf-8")
    assert whole_weights(adapters, tmp_path / "runs") not in (first, second)


def test_merged_weights_that_changed_since_are_set_aside_and_merged_again(adapters: Path, tmp_path: Path):
    folder = whole_weights(adapters, tmp_path / "runs")
    weights = folder / "model.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert bench("verify", "--runs", tmp_path / "runs", "--results", tmp_path / "none").code == ExitCode.UNAVAILABLE
    with pytest.warns(UserWarning, match=r"model\.safetensors: expected .* and made again"):
        assert whole_weights(adapters, tmp_path / "runs") == folder
    assert weights.read_bytes() == before


def test_the_way_of_merging_is_part_of_what_was_merged(adapters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = whole_weights(adapters, tmp_path / "runs")
    monkeypatch.setattr("benchbench.commands.evaluate.adapters.MERGE_VERSION", MERGE_VERSION + 1)
    assert whole_weights(adapters, tmp_path / "runs") != first


@pytest.mark.parametrize("name", ["chat_template.jinja", "special_tokens_map.json"])
def test_a_lone_file_beside_adapters_does_not_hide_the_tokenizer_of_the_base(adapters: Path, tmp_path: Path, name: str):
    (adapters / name).write_text("{}", encoding="utf-8")
    folder = whole_weights(adapters, tmp_path / "runs")
    assert names(folder) >= {"tokenizer.json", "tokenizer_config.json", name}
    assert (folder / name).read_text(encoding="utf-8") == "{}"


def test_a_whole_tokenizer_beside_adapters_stands_alone(adapters: Path, tmp_path: Path):
    base = shutil.copytree(BASE, tmp_path / "base")
    (base / "chat_template.jinja").write_text("of the base", encoding="utf-8")
    (base / "added_tokens.json").write_text("{}", encoding="utf-8")
    configured(adapters, base_model_name_or_path=str(base))
    for path in BASE.glob("tokenizer*"):
        shutil.copy(path, adapters)
    assert names(whole_weights(adapters, tmp_path / "runs")).isdisjoint({"chat_template.jinja", "added_tokens.json"})


def test_a_template_inside_the_adapters_configuration_is_not_overruled(adapters: Path, tmp_path: Path):
    base = shutil.copytree(BASE, tmp_path / "base")
    (base / "chat_template.jinja").write_text("of the base", encoding="utf-8")
    configured(adapters, base_model_name_or_path=str(base))
    config = json.loads((BASE / "tokenizer_config.json").read_text(encoding="utf-8")) | {"chat_template": "own"}
    (adapters / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    folder = whole_weights(adapters, tmp_path / "runs")
    assert "tokenizer.json" in names(folder) and "chat_template.jinja" not in names(folder)


def test_two_merges_at_once_are_one(adapters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    merged: list[Path] = []
    true = merge.merge_adapter

    def counted(adapter: Path, *words: Any, **more: Any) -> Path:
        merged.append(adapter)
        return true(adapter, *words, **more)

    monkeypatch.setattr(merge, "merge_adapter", counted)
    found: list[Path] = []
    both = [threading.Thread(target=lambda: found.append(whole_weights(adapters, tmp_path / "runs"))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(found) == 2 and found[0] == found[1]
    assert merged == [adapters]
    assert list((tmp_path / "runs" / "merged").iterdir()) == [found[0]]


def no_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def half(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:500])


def other_names(folder: Path) -> None:
    with_tensors(folder, lambda name, tensor: (name.replace("gpt_neox", "model"), tensor))


def not_a_number(folder: Path) -> None:
    with_tensors(folder, lambda name, tensor: (name, tensor * float("nan")))


def on_adapters(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("below"))
    configured(folder, base_model_name_or_path=str(folder.with_name("below")))


def on_a_file(folder: Path) -> None:
    configured(folder, base_model_name_or_path=str(folder / CONFIG))


def on_nothing(folder: Path) -> None:
    folder.with_name("empty").mkdir()
    configured(folder, base_model_name_or_path=str(folder.with_name("empty")))


def without_tokenizer(folder: Path) -> None:
    base = folder.with_name("bare")
    shutil.copytree(BASE, base, ignore=shutil.ignore_patterns("tokenizer*"))
    configured(folder, base_model_name_or_path=str(base))


USAGE, UNAVAILABLE = ExitCode.USAGE, ExitCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("spoil", "told", "code"),
    [
        (lambda folder: configured(folder, target_modules=["q_proj"]), "q_proj", USAGE),
        (lambda folder: configured(folder, r=8), "size mismatch", USAGE),
        (lambda folder: configured(folder, peft_type="PROMPT_TUNING", num_virtual_tokens=4), "PROMPT_TUNING", USAGE),
        (
            lambda folder: configured(folder, base_model_name_or_path=3),
            "expected the base model of the adapters",
            USAGE,
        ),
        (lambda folder: configured(folder, revision=3), "revision", USAGE),
        (lambda folder: (folder / CONFIG).write_text("{"), "expected one JSON object", USAGE),
        (lambda folder: (folder / CONFIG).write_text("[]"), "expected one JSON object", USAGE),
        (lambda folder: (folder / CONFIG).write_bytes(b"\xff"), "expected one JSON object", USAGE),
        (other_names, "fit nothing", USAGE),
        (not_a_number, "not finite", USAGE),
        (on_adapters, "expected whole weights, found adapters", USAGE),
        (on_nothing, "no .safetensors weights", UNAVAILABLE),
        (without_tokenizer, "expected a tokenizer, found none that loads", USAGE),
        (on_a_file, "adapter_config.json: no such folder", UNAVAILABLE),
        (half, "damaged", UNAVAILABLE),
        (no_weights, "no .safetensors weights", UNAVAILABLE),
    ],
)
def test_what_cannot_be_merged_is_one_error(
    adapters: Path, tmp_path: Path, spoil: Callable[[Path], object], told: str, code: ExitCode
):
    spoil(adapters)
    with pytest.raises(BenchError) as caught:
        whole_weights(adapters, tmp_path / "runs")
    assert told in str(caught.value) and str(adapters.parent) in str(caught.value)
    assert caught.value.exit_code is code
    assert not (tmp_path / "runs" / "merged").exists() or not list((tmp_path / "runs" / "merged").iterdir())


def test_adapters_beside_a_configuration_are_adapters_alone(adapters: Path, tmp_path: Path):
    """TRL and others save the base's config.json there."""
    shutil.copy(BASE / "config.json", adapters)
    (adapters / "training_args.bin").write_bytes(b"")
    assert is_adapters_alone(adapters)
    assert "model.safetensors" in names(whole_weights(adapters, tmp_path / "runs"))
    shutil.copy(BASE / "model.safetensors", adapters)
    assert not is_adapters_alone(adapters)
    assert not is_adapters_alone(BASE)


def test_bench_eval_says_it_in_one_line(adapters: Path, tmp_path: Path):
    other_names(adapters)
    ended = bench("eval", adapters, "--setting", MICRO, "--runs", tmp_path / "runs", "--device", "cpu")
    assert ended.code == 2 and "fit nothing" in ended.err and "Traceback" not in ended.err


def test_adapters_on_the_hub_are_merged_into_the_base_that_they_name(
    adapters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Transformers would put a base below them that no hash covers."""
    import huggingface_hub.constants

    from benchbench.commands.evaluate.run import external_session
    from benchbench.commands.run_plan import RunOptions

    commit = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    configured(adapters, base_model_name_or_path=str(BASE))
    shutil.copytree(adapters, tmp_path / "hub" / "models--org--adapters" / "snapshots" / commit)
    options = RunOptions("cpu", runs=tmp_path / "runs")
    session = external_session(f"org/adapters@{commit}", str(MICRO), (), options)
    (merged,) = (tmp_path / "runs" / "merged").iterdir()
    assert {spec.run.model_path for spec in session.plan.stages.values()} == {str(merged.resolve())}
    assert merged == whole_weights(adapters, tmp_path / "runs")
