"""Which files of a model folder are read, hashed and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import fingerprint
from benchbench.data.model_files import model_files, weight_names, weights_hash
from benchbench.store.file_hashes import file_hash

FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"


def tensors(path: Path, **values: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: torch.tensor([value]) for name, value in values.items()}, path)


def model(folder: Path, value: float = 1.0, config: str = "{}") -> Path:
    tensors(folder / "model.safetensors", weight=value)
    (folder / "config.json").write_text(config)
    return folder


def sharded(folder: Path) -> Path:
    tensors(folder / FIRST, a=1.0)
    tensors(folder / SECOND, b=2.0)
    (folder / INDEX).write_text(json.dumps({"weight_map": {"a": FIRST, "b": SECOND}}))
    (folder / "config.json").write_text("{}")
    return folder


def adapters(folder: Path) -> Path:
    tensors(folder / "adapter_model.safetensors", lora=1.0)
    (folder / "adapter_config.json").write_text("{}")
    return folder


def refused(folder: Path, *, trust: bool = False) -> str:
    """The message with which a folder is refused, before anything of torch is imported."""
    with pytest.raises(BenchError) as caught:
        model_files(folder, trust_remote_code=trust)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE
    assert str(folder) in str(caught.value)
    return str(caught.value)


# What is read.


def test_one_file_with_its_configuration(tmp_path: Path):
    (model(tmp_path) / "README.md").write_text("text")
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "code.py").write_text("x = 1")
    assert [path.name for path in model_files(tmp_path).read] == ["config.json", "model.safetensors"]
    assert [path.name for path in model_files(tmp_path, trust_remote_code=True).others] == ["config.json", "code.py"]


def test_exactly_the_shards_that_the_index_names(tmp_path: Path):
    tensors(sharded(tmp_path) / "model-00003-of-00003.safetensors", c=3.0)
    assert [path.name for path in model_files(tmp_path).weights] == [FIRST, SECOND] == weight_names(tmp_path)
    assert [path.name for path in model_files(tmp_path).others] == ["config.json", INDEX]


def test_an_index_may_name_the_one_file(tmp_path: Path):
    (model(tmp_path) / INDEX).write_text(json.dumps({"weight_map": {"weight": "model.safetensors"}}))
    assert [path.name for path in model_files(tmp_path).weights] == ["model.safetensors"]


def test_adapters_alone_are_their_two_files(tmp_path: Path):
    (adapters(tmp_path) / "config.json").write_text("{}")
    (tmp_path / "training_args.bin").write_bytes(b"")
    found = model_files(tmp_path)
    assert found.adapters
    assert [path.name for path in found.read] == ["adapter_config.json", "adapter_model.safetensors"]


@pytest.mark.parametrize("stray", ["consolidated.safetensors", "optimizer.safetensors", "adapter_model.safetensors"])
def test_what_is_beside_the_weights_is_not_hashed(tmp_path: Path, stray: str):
    """Nor loaded, as `tests/models/test_loading.py` says."""
    before = weights_hash(model(tmp_path))
    for value in (1.0, 2.0):
        tensors(tmp_path / stray, weight=value)
        tensors(tmp_path / "original" / "model.safetensors", weight=value)
        (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
        assert weights_hash(tmp_path) == before
    assert [path.name for path in model_files(tmp_path).strays] == [stray]


# Hashes.


def test_a_hash_changes_with_weights_and_configuration_and_with_nothing_else(tmp_path: Path):
    base = weights_hash(model(tmp_path / "base"))
    assert weights_hash(model(tmp_path / "copy")) == base
    assert weights_hash(model(tmp_path / "weights", value=2.0)) != base
    assert weights_hash(model(tmp_path / "configuration", config='{"a": 1}')) != base
    (model(tmp_path / "readme") / "README.md").write_text("text")
    (tmp_path / "readme" / "tokenizer.json").write_text("{}")
    (tmp_path / "readme" / "generation_config.json").write_text("{}")
    assert weights_hash(tmp_path / "readme") == base


def test_the_hash_of_a_folder_stays_what_it_was(tmp_path: Path):
    """Finished stages and committed references are found by it."""
    names = ("config.json", "model.safetensors")
    assert weights_hash(model(tmp_path)) == fingerprint({name: file_hash(tmp_path / name) for name in names})
    shards = ("config.json", FIRST, SECOND, INDEX)
    folder = sharded(tmp_path / "sharded")
    assert weights_hash(folder) == fingerprint({name: file_hash(folder / name) for name in shards})


def test_code_counts_where_it_is_trusted(tmp_path: Path):
    plain = weights_hash(model(tmp_path))
    (tmp_path / "own.py").write_text("x = 1")
    assert weights_hash(tmp_path) == plain
    trusted = weights_hash(tmp_path, trust_remote_code=True)
    (tmp_path / "own.py").write_text("x = 2")
    assert len({plain, trusted, weights_hash(tmp_path, trust_remote_code=True)}) == 3


def test_adapters_have_a_hash_of_their_own(tmp_path: Path):
    first = weights_hash(adapters(tmp_path))
    (tmp_path / "adapter_config.json").write_text('{"r": 1}')
    second = weights_hash(tmp_path)
    tensors(tmp_path / "adapter_model.safetensors", lora=2.0)
    assert len({first, second, weights_hash(tmp_path)}) == 3


def test_a_file_of_the_cache_is_known_by_its_name(tmp_path: Path):
    """Blobs are named by their sha256, so the linked folder has the hash of the real one without being read."""
    real = model(tmp_path / "real")
    expected = weights_hash(real)
    linked = tmp_path / "linked"
    linked.mkdir()
    for path in list(real.iterdir()):
        blob = tmp_path / file_hash(path)
        path.rename(blob)
        (linked / path.name).symlink_to(blob)
    assert weights_hash(linked) == expected
    tensors((linked / "model.safetensors").resolve(), weight=3.0)
    assert weights_hash(linked) == expected


def test_a_file_that_several_repositories_share_is_known_by_its_sha256(tmp_path: Path):
    """The hub's client may keep one file for all repositories, under a hash of another kind (`HF_HUB_DISABLE_XET`)."""
    real = model(tmp_path / "real")
    linked = tmp_path / "repository" / "snapshots"
    linked.mkdir(parents=True)
    for number, path in enumerate(sorted(real.iterdir())):
        (tmp_path / f"{number:064x}").write_bytes(path.read_bytes())
        blob = tmp_path / "repository" / file_hash(path)
        blob.symlink_to(tmp_path / f"{number:064x}")
        (linked / path.name).symlink_to(blob)
    assert weights_hash(linked) == weights_hash(real)


# What is refused.


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "config.json"])
def test_a_folder_without_safetensors_is_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_text("{}")
    told = refused(tmp_path)
    assert "no .safetensors weights found" in told and "other formats are not read" in told
    assert (f"found {name}: convert with transformers" in told) == (name != "config.json")


@pytest.mark.parametrize("other", ["optimizer.safetensors", "adapter_model.safetensors", "consolidated.safetensors"])
def test_another_safetensors_file_does_not_let_a_pickle_in(tmp_path: Path, other: str):
    """Transformers would load the pickle, and the hash would be that of the other file."""
    tensors(tmp_path / other, weight=1.0)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    told = refused(tmp_path)
    assert "found pytorch_model.bin: convert with transformers" in told
    assert f"{other} is not known to be this model's" in told


def test_shards_without_an_index_are_refused(tmp_path: Path):
    (sharded(tmp_path) / INDEX).unlink()
    assert f"{FIRST}, {SECOND} are not known to be this model's" in refused(tmp_path)


def test_two_sets_of_weights_are_refused(tmp_path: Path):
    model(sharded(tmp_path))
    assert "expected one set of weights, found model.safetensors and an index of 2 other files" in refused(tmp_path)


def test_all_missing_shards_are_named_at_once(tmp_path: Path):
    sharded(tmp_path)
    (tmp_path / FIRST).unlink()
    (tmp_path / SECOND).unlink()
    told = refused(tmp_path)
    assert "2 problems" in told and FIRST in told and SECOND in told


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": []}', '{"weight_map": {}}'])
def test_an_index_that_is_none_is_refused(tmp_path: Path, text: str):
    (sharded(tmp_path) / INDEX).write_text(text)
    assert "expected weight_map" in refused(tmp_path)


def test_an_index_does_not_lead_out_of_the_folder(tmp_path: Path):
    tensors(tmp_path / "elsewhere.safetensors", a=1.0)
    (sharded(tmp_path / "model") / INDEX).write_text(json.dumps({"weight_map": {"a": "../elsewhere.safetensors"}}))
    assert "expected weight_map, the name of a file in this folder" in refused(tmp_path / "model")


def test_shards_of_two_saves_are_refused(tmp_path: Path):
    tensors(sharded(tmp_path) / SECOND, a=5.0)
    told = refused(tmp_path)
    assert "found no b" in told and f"found a in {FIRST} too" in told


def cut(content: bytes) -> bytes:
    return content[:-1]


def longer(content: bytes) -> bytes:
    return content + b"\0"


@pytest.mark.parametrize(
    "spoil",
    [cut, longer, lambda c: c[:5], lambda c: c[:20], lambda c: b"", lambda c: b"version https://git-lfs\n" + c],
)
@pytest.mark.parametrize("make", [model, sharded, adapters])
def test_a_file_that_is_cut_short_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], spoil: Callable[[bytes], bytes]
):
    path = model_files(make(tmp_path)).weights[-1]
    path.write_bytes(spoil(path.read_bytes()))
    told = refused(tmp_path)
    assert told.startswith(str(path)) and "the file is damaged; copy or download it again" in told


def test_adapters_without_their_weights_are_refused(tmp_path: Path):
    (adapters(tmp_path) / "adapter_model.safetensors").rename(tmp_path / "adapter_model.bin")
    assert "expected adapter_model.safetensors" in refused(tmp_path)


def test_whole_weights_beside_adapters_are_refused(tmp_path: Path):
    """Transformers would read the adapters and the base that they name, which no hash covers."""
    adapters(model(tmp_path))
    assert "found whole weights and adapters" in refused(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", None])
def test_a_folder_without_a_configuration_is_refused(tmp_path: Path, text: str | None):
    model(tmp_path)
    (tmp_path / "config.json").unlink() if text is None else (tmp_path / "config.json").write_text(text)
    assert re.search(r"config\.json: expected (the model's configuration|one JSON object)", refused(tmp_path))


def test_a_configuration_that_names_another_file_of_weights_is_refused(tmp_path: Path):
    model(tmp_path, config='{"transformers_weights": "other.safetensors"}')
    assert "transformers_weights: expected none, found other.safetensors" in refused(tmp_path)


def test_code_from_another_repository_is_refused_where_it_would_be_run(tmp_path: Path):
    model(tmp_path, config='{"auto_map": {"AutoModelForCausalLM": "org/code--own.Own"}}')
    model_files(tmp_path)
    assert "expected code in this folder, found org/code--own.Own" in refused(tmp_path, trust=True)
