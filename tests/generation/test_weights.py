"""Whether a folder can take the place of another one's weights, and what an engine sees of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation.weights import alone, refuse_missing, weights_signature

from .toys import TRAINED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(TRAINED, tmp_path / "model")


def with_strays(folder: Path) -> Path:
    """What vLLM would read beside the weights, the last one in the place of config.json."""
    save_file(load_file(folder / "model.safetensors"), folder / "consolidated.safetensors")
    (folder / "params.json").write_text("{}")
    return folder


def test_an_engine_sees_the_files_of_the_model_and_no_others(folder: Path):
    with alone(with_strays(folder), trust_remote_code=False) as served:
        assert served != folder
        assert {path.name for path in served.iterdir()} == {"config.json", "model.safetensors"}
        assert (served / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert not served.exists() and (folder / "model.safetensors").is_file()


def test_a_folder_without_others_is_served_as_it_is(folder: Path):
    with alone(folder, trust_remote_code=False) as served:
        assert served == folder


def test_strays_do_not_reach_the_signature(folder: Path):
    before = weights_signature(folder)
    assert len(before["tensors"]) == len(load_file(folder / "model.safetensors"))
    assert weights_signature(with_strays(folder)) == before
    save_file({"other": load_file(folder / "model.safetensors").popitem()[1]}, folder / "consolidated.safetensors")
    assert weights_signature(folder) == before


def test_a_folder_without_readable_weights_is_refused(folder: Path):
    (folder / "model.safetensors").rename(folder / "optimizer.safetensors")
    with pytest.raises(BenchError, match="no .safetensors weights found") as caught:
        weights_signature(folder)
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_weights_without_a_place_are_refused_by_their_names(folder: Path):
    refuse_missing(folder, trust_remote_code=False)
    tensors = load_file(folder / "model.safetensors")
    save_file(tensors | {"score.weight": tensors.popitem()[1]}, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BenchError, match="found none of|found some that it has no place for: score.weight"):
        refuse_missing(folder, trust_remote_code=False)
