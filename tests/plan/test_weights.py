"""Where weights are, and what they hash to."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save_file

from benchbench.core.errors import BenchError
from benchbench.data import hub_access
from benchbench.data.tokenizer_files import TOKENIZER_PATTERNS
from benchbench.plan.weights import WEIGHT_PATTERNS, resolve_folder

COMMIT = "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"


def resolve(name: str, revision: str | None = COMMIT, *, base: Path = Path()) -> Path:
    patterns = WEIGHT_PATTERNS + TOKENIZER_PATTERNS
    return resolve_folder(name, revision, base, patterns=patterns, where="model.model_name_or_path")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no hub: every connection is refused at once."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub"


def snapshot(cache: Path, *names: str) -> Path:
    """A repository in the cache with these files."""
    folder = cache / "models--org--name" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder


def model(folder: Path, value: float = 1.0, config: str = "{}") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"weight": torch.tensor([value])}, folder / "model.safetensors")
    (folder / "config.json").write_text(config)
    return folder


# Folders.


def test_a_folder_is_taken_as_given(tmp_path):
    model(tmp_path / "org" / "name")
    assert resolve("org/name", None, base=tmp_path) == tmp_path / "org" / "name"
    assert resolve(str(tmp_path / "org" / "name"), None) == tmp_path / "org" / "name"


@pytest.mark.parametrize("name", ["./model", "/no/such/model", "a/b/c"])
def test_a_path_without_folder_is_unavailable(name, tmp_path):
    with pytest.raises(BenchError, match="no such folder") as caught:
        resolve(name, base=tmp_path)
    assert caught.value.status == 5


def test_a_hub_id_without_revision_is_a_faulty_request(cache):
    with pytest.raises(BenchError) as caught:
        resolve("EleutherAI/pythia-410m", None)
    assert caught.value.status == 2
    assert str(caught.value) == (
        "model.model_name_or_path: 'EleutherAI/pythia-410m' is a hub id (there is no such folder), so a revision is "
        "required, and none is given; name the commit, since a branch moves"
    )


@pytest.mark.parametrize("revision", ["main", "step3000", COMMIT[:7], COMMIT.upper()])
def test_a_revision_that_can_move_is_a_faulty_request(cache, revision):
    with pytest.raises(BenchError, match=r"expected a commit \(40 hexadecimal digits\), got") as caught:
        resolve("EleutherAI/pythia-410m", revision)
    assert caught.value.status == 2


def unavailable(name: str = "org/name") -> str:
    """How a model that cannot be had is answered, and that it is answered in time."""
    started = time.monotonic()
    with pytest.raises(BenchError) as caught:
        resolve(name)
    assert time.monotonic() - started < 10
    assert caught.value.status == 5 and "bench fetch" in str(caught.value) and name in str(caught.value)
    return str(caught.value)


def test_without_a_hub_the_model_is_unavailable(cache):
    assert "the hub cannot be reached" in unavailable()


def test_a_hub_that_never_answers_is_not_waited_for(cache, monkeypatch):
    monkeypatch.setattr(hub_access, "DEADLINE_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "the hub did not answer within 1 seconds" in unavailable()


@pytest.mark.parametrize("patience", [0.2, 5.0])
def test_the_message_is_the_same_whichever_clock_runs_out_first(cache, monkeypatch, patience):
    """The client's own time-out, or ours beside it."""
    monkeypatch.setattr(hub_access, "DEADLINE_SECONDS", 1.0)
    from huggingface_hub import HfApi

    asked = HfApi.repo_info
    monkeypatch.setattr(HfApi, "repo_info", lambda *args, **named: asked(*args, **named | {"timeout": patience}))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "the hub did not answer within 1 seconds" in unavailable()


def test_offline_nothing_is_asked(cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(hub_access, "_ask", lambda *_: pytest.fail("asked"))
    assert "HF_HUB_OFFLINE=1 forbids the network" in unavailable()


def test_a_name_that_no_repository_can_have_is_unavailable(cache):
    assert "no name that a repository can have" in unavailable("foo bar/x")


def test_what_is_in_the_cache_needs_no_hub(cache):
    folder = snapshot(cache, "model.safetensors", "config.json", "tokenizer.json")
    assert resolve("org/name") == folder


@pytest.mark.parametrize(
    "files",
    [
        ("tokenizer.json",),
        ("config.json", "tokenizer.json"),
        ("pytorch_model.bin",),
        ("config.json", "pytorch_model.bin", "optimizer.safetensors"),
        ("config.json", "model-00001-of-00002.safetensors"),
        ("config.json", "adapter_model.safetensors"),
    ],
)
def test_a_cache_without_the_weights_is_not_enough(cache, files):
    """Another program may have loaded the tokenizer alone; the hub is asked for the rest."""
    snapshot(cache, *files)
    assert "the hub cannot be reached" in unavailable()


def test_a_cache_without_a_shard_of_the_weights_is_not_enough(cache):
    folder = snapshot(cache, "model-00001-of-00002.safetensors", "config.json", "tokenizer.json")
    index = '{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}'
    (folder / "model.safetensors.index.json").write_text(index)
    assert "the hub cannot be reached" in unavailable()


def test_a_cache_with_a_link_to_a_deleted_file_is_not_enough(cache):
    """As after the deletion of a damaged one."""
    folder = snapshot(cache, "model.safetensors", "tokenizer.json")
    (folder / "config.json").symlink_to(folder / "deleted")
    assert "the hub cannot be reached" in unavailable()
