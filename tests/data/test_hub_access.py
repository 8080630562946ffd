"""What is local, what pins, what forbids the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data import hub_access
from benchbench.data.hub_access import check_commit, local_folder, require_on_hub
from benchbench.store.offline import VARIABLES, forbidden_by, offline


@pytest.fixture
def online(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_folder_is_found_beside_the_recipe_and_elsewhere_by_path(tmp_path):
    (tmp_path / "owner" / "model").mkdir(parents=True)
    assert local_folder("owner/model", tmp_path) == tmp_path / "owner/model"
    assert local_folder("./owner", tmp_path) == tmp_path / "owner"
    assert local_folder(str(tmp_path), Path("/nowhere")) == tmp_path
    assert local_folder("owner/other", tmp_path) is None
    assert local_folder("gpt2", tmp_path) is None


@pytest.mark.parametrize("name", ["./x", "../x", "/x/y", "~/no_such_folder", "a/b/c"])
def test_a_path_that_is_not_there_is_unavailable(tmp_path, name):
    with pytest.raises(BenchError, match="no such folder; put the files there") as caught:
        local_folder(name, tmp_path)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE


@pytest.mark.parametrize("revision", ["main", "v1", "3949bf5", "3949BF5F8C17C394422CCFAB0C31EA9C20BDEB85", ""])
def test_only_a_whole_commit_pins(revision):
    with pytest.raises(ValueError, match=f"revision: expected a commit .* got '{revision}'"):
        check_commit("revision", revision)
    check_commit("revision", "3949bf5f8c17c394422ccfab0c31ea9c20bdeb85")


@pytest.mark.parametrize("name", VARIABLES)
def test_every_offline_variable_is_respected(online, monkeypatch, name):
    assert forbidden_by() is None
    monkeypatch.setenv(name, "0")
    assert forbidden_by() is None
    monkeypatch.setenv(name, "true")
    assert forbidden_by() == f"{name}=true"
    with pytest.raises(BenchError, match=f"model a/b at revision None: not on this machine, and {name}=true forbids"):
        require_on_hub("model", "a/b", None)


def test_the_option_is_named_where_it_forbids_the_network(online):
    with offline(), pytest.raises(BenchError, match="not on this machine, and --offline forbids the network") as caught:
        require_on_hub("model", "a/b", None)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    assert forbidden_by() is None


def test_a_hub_that_refuses_the_connection_is_unavailable(online, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(BenchError, match=r"the hub cannot be reached \(Connect") as caught:
        require_on_hub("dataset", "a/b", "0" * 40)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    with pytest.raises(BenchError, match="this is no name that a repository can have"):
        require_on_hub("dataset", "a b", "0" * 40)


def test_the_answer_comes_well_within_ten_seconds():
    assert hub_access.DEADLINE_SECONDS <= 5
