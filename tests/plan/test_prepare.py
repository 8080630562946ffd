"""Data, tokenizer and weights on disk: made once, named by their content."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from harness import MICRO, leftovers

from benchbench.commands.resolve import resolve
from benchbench.plan import prepare as module
from benchbench.plan.prepare import prepare, prepare_all, prepare_texts
from benchbench.plan.trained_tokenizers import tokenizer_fault
from benchbench.plan.weights import caps_attention, context_tokens
from benchbench.recipe.load import Loaded
from benchbench.store.checksums import stamped
from benchbench.store.files import write_json
from benchbench.store.offline import offline


def test_what_is_there_already_is_not_made_again(tmp_path: Path):
    loaded = resolve("dpo", setting=str(MICRO))

    def times() -> dict[Path, int]:  # the second look is the first that keeps hashes
        return {
            path: path.stat().st_mtime_ns for kind in ("data", "tokenizer") for path in (tmp_path / kind).rglob("*")
        }

    first = prepare(loaded, tmp_path)
    before = times()
    assert prepare(loaded, tmp_path) == first
    assert times() == before != {}
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("content", [None, ""])
def test_a_trained_tokenizer_whose_record_is_lost_is_trained_anew(tmp_path: Path, content: str | None):
    """Somebody removed the file, or the power failed as it was written."""
    loaded = resolve("dpo", setting=str(MICRO))
    first = prepare(loaded, tmp_path)
    record = Path(first.tokenizer_path) / "tokenizer_hash.json"
    record.unlink() if content is None else record.write_text(content)
    with pytest.warns(UserWarning, match="expected what the tokenizer is, found no file that can be read"):
        assert prepare(loaded, tmp_path) == first
    beside = [path for path in leftovers(tmp_path) if not path.startswith("damaged")]
    assert beside == [], "what was there is set aside, and nothing else is left"


def test_a_trained_tokenizer_under_the_key_of_another_is_trained_anew(tmp_path: Path):
    loaded = resolve("dpo", setting=str(MICRO))
    first = prepare(loaded, tmp_path)
    record = Path(first.tokenizer_path) / "tokenizer_hash.json"
    values = {name: value for name, value in json.loads(record.read_text()).items() if name != "checksum"}
    write_json(record, stamped({**values, "key": "0" * 16}))
    with pytest.warns(
        UserWarning, match=f"expected the tokenizer {record.parent.name}, found the tokenizer {'0' * 16}"
    ):
        assert prepare(loaded, tmp_path) == first
    write_json(record, stamped({name: value for name, value in values.items() if name != "key"}))
    assert tokenizer_fault(record) == "", "as an earlier version wrote it"


def test_recipes_that_read_the_same_are_prepared_once(tmp_path: Path):
    """The very same object: files are hashed once, however many methods are compared."""
    loaded = [resolve(name, setting=str(MICRO)) for name in ("dpo", "simpo", "sft")]
    prepared = prepare_all(loaded, tmp_path)
    assert len(prepared) == 3
    assert prepared[0] is prepared[1] is prepared[2]


def test_a_recipe_that_trains_is_not_taken_for_one_that_only_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Both read the same, but only the first leaves models, beside which the tokenizer is looked at."""
    loaded = [resolve(name, setting=str(MICRO)) for name in ("dpo", "simpo", "sft")]
    prepared_for: list[str] = []
    monkeypatch.setattr(module, "writes_models", lambda item: item is loaded[0])

    def note(item: Loaded, root: Path, **_: object) -> SimpleNamespace:
        prepared_for.append(item.label)
        return SimpleNamespace(missing=())

    monkeypatch.setattr(module, "prepare", note)
    prepare_all(loaded, tmp_path)
    assert prepared_for == ["dpo", "simpo"]


def test_recipes_with_equal_paths_in_different_folders_are_distinguished(
    tmp_path: Path, write_yaml: Callable[..., Path], finished
):
    """Both settings say `model: my_model`, each beside its own folder."""
    models = sorted((finished.runs / "sft").iterdir())[:2]
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    text = text[:begin] + "  model_name_or_path: my_model\n" + text[end:]
    loaded = []
    for name, method, model in (("one", "dpo", models[0]), ("two", "simpo", models[1])):
        setting = write_yaml(f"{name}/setting.yaml", text)
        shutil.copytree(model / "model", setting.parent / "my_model")
        loaded.append(resolve(method, setting=str(setting)))
    prepared = prepare_all(loaded, tmp_path / "runs")
    assert prepared[0].weights_hash != prepared[1].weights_hash
    assert prepared[0].data is not prepared[1].data
    assert prepared[0].data_key == prepared[1].data_key


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"max_position_embeddings": 128}, 128),
        ({"n_positions": 1024}, 1024),
        ({}, None),
        (None, None),
        ({"max_position_embeddings": None}, None),
    ],
)
def test_a_model_says_how_much_it_reads_or_nothing(config: dict | None, expected: int | None):
    assert context_tokens(None, config) == expected


def test_a_folder_of_adapters_says_nothing(tmp_path: Path):
    (tmp_path / "adapter_config.json").write_text("{}")
    assert context_tokens(tmp_path, None) is None
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 64}')
    assert context_tokens(tmp_path, None) == 64


def test_a_tokenizer_whose_vocabulary_is_smaller_than_its_characters_is_refused(tmp_path: Path):
    from benchbench.core.errors import BenchError
    from benchbench.recipe.overrides import parse_overrides

    loaded = resolve("dpo", setting=str(MICRO), overrides=parse_overrides(["model.train_tokenizer.vocab_size=10"]))
    with pytest.raises(BenchError, match="vocab_size: expected at least"):
        prepare(loaded, tmp_path)
    assert os.listdir(tmp_path / "tokenizer") == []


COMMIT = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"


def pickle_beside(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "optimizer.safetensors")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")


def cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def shard_missing(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "first.safetensors")
    index = '{"weight_map": {"a": "first.safetensors", "b": "second.safetensors"}}'
    (folder / "model.safetensors.index.json").write_text(index)


@pytest.mark.parametrize("on_hub", [False, True])
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (pickle_beside, "pytorch_model.bin"),
        (cut_short, "the file is damaged"),
        (shard_missing, "second.safetensors"),
    ],
)
def test_weights_that_cannot_be_read_are_reported_before_planning(
    tmp_path: Path, write_yaml: Callable[..., Path], finished, monkeypatch, spoil, told: str, on_hub: bool
):
    """As a folder and as a snapshot in the hub's cache, where what is not whole is asked of the hub."""
    import huggingface_hub.constants

    from benchbench.core.errors import BenchError, ExitCode

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "hub" / "models--org--name" / "snapshots" / COMMIT
    shutil.copytree(next(iter(sorted((finished.runs / "sft").iterdir()))) / "model", folder)
    name = f"org/name\n  revision: {COMMIT}" if on_hub else str(folder)
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    setting = write_yaml("setting.yaml", text[:begin] + f"  model_name_or_path: {name}\n" + text[end:])
    prepare(resolve("dpo", setting=str(setting)), tmp_path / "runs")
    spoil(folder)
    with pytest.raises(BenchError) as caught:
        prepare(resolve("dpo", setting=str(setting)), tmp_path / "runs")
    assert caught.value.exit_code is ExitCode.UNAVAILABLE
    assert told in str(caught.value) or (on_hub and "HF_HUB_OFFLINE=1 forbids the network" in str(caught.value))


def test_adapters_alone_are_no_model_to_start_from(tmp_path: Path, write_yaml: Callable[..., Path]):
    """The base that they name would be loaded with them, and the adapters' hashes do not cover it."""
    from safetensors.numpy import save_file

    from benchbench.core.errors import BenchError, ExitCode

    save_file({}, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "elsewhere"}')
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    setting = write_yaml("setting.yaml", text[:begin] + f"  model_name_or_path: {tmp_path}\n" + text[end:])
    with pytest.raises(BenchError, match="expected whole weights, found adapters; merge them") as caught:
        prepare(resolve("dpo", setting=str(setting)), tmp_path / "runs")
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("config", "capped"),
    [
        ({"model_type": "gemma2"}, True),
        ({"model_type": "gemma2", "attn_logit_softcapping": None}, False),
        ({"model_type": "gpt_neox"}, False),
        ({"model_type": "another", "attn_logit_softcapping": 20.0}, True),
    ],
)
def test_whether_attention_is_capped_is_said_by_the_configuration(tmp_path, config, capped):
    assert caps_attention(None, config) is capped
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert caps_attention(tmp_path, None) is capped


def test_texts_are_prepared_without_weights_and_what_is_missing_is_named(tmp_path: Path, write_yaml):
    """Data are here; the tokenizer belongs to a model on the hub, of which no file is read."""
    text = MICRO.read_text(encoding="utf-8")
    begin, end = text.index("  from_config:"), text.index("  dtype: float32\ndata")
    model = f"  model_name_or_path: nobody/nothing\n  revision: {'a' * 40}\n"
    setting = write_yaml("hub.yaml", text[:begin] + model + text[end:])
    with offline("--offline"):
        texts = prepare_texts(resolve("dpo", setting=str(setting)), tmp_path / "runs")
    assert texts.data is not None and texts.data.shapes["test"].examples == 40
    assert texts.tokenizer_path is None and texts.chat_template is None
    (reason,) = texts.missing
    assert "nobody/nothing" in reason
    micro = prepare_texts(resolve("dpo", setting=str(MICRO)), tmp_path / "runs")
    assert micro.missing == () and micro.tokenizer_path is not None
