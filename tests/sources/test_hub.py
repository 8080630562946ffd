"""Pinned hub datasets: a folder in the hub's format, a hub on this machine, no hub at all."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data import hub_access
from benchbench.sources.hub import source as hub
from benchbench.sources.hub.source import HubOptions

COMMIT = "3949bf5f8c17c394422ccfab0c31ea9c20bdeb85"
README = b"""---
configs:
- config_name: default
  data_files:
  - split: train_prefs
    path: data/train_prefs-*
  - split: test_prefs
    path: data/test_prefs-*
---
# A data set
"""


def ultrafeedback_rows(count: int) -> list[dict[str, object]]:
    """Rows in the shape of HuggingFaceH4/ultrafeedback_binarized."""
    return [
        {
            "prompt": f"question {i}",
            "prompt_id": f"{i:064x}",
            "chosen": [{"content": f"question {i}", "role": "user"}, {"content": f"good {i}", "role": "assistant"}],
            "rejected": [{"content": f"question {i}", "role": "user"}, {"content": f"bad {i}", "role": "assistant"}],
            "messages": [{"content": f"question {i}", "role": "user"}, {"content": f"good {i}", "role": "assistant"}],
            "score_chosen": 8.0,
            "score_rejected": 8.0 if i == 0 else 5.5,
        }
        for i in range(count)
    ]


def files() -> dict[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def parquet(rows):
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), buffer)
        return buffer.getvalue()

    return {
        "README.md": README,
        "data/train_prefs-00000-of-00001.parquet": parquet(ultrafeedback_rows(6)),
        "data/test_prefs-00000-of-00001.parquet": parquet(ultrafeedback_rows(3)),
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in the hub's format, and a cache of its own."""
    from datasets import config

    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
    for name, content in files().items():
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_a_local_folder_in_the_hubs_format(folder):
    options = HubOptions("./set", splits={"train": "train_prefs", "test": "test_prefs"}, limit={"train": 4})
    loaded = hub.load(options, folder)
    assert {split: len(examples) for split, examples in loaded.items()} == {"train": 4, "test": 3}
    example = loaded["train"][1]
    assert example.id == f"{1:064x}"
    assert [m.content for m in example.prompt] == ["question 1"]
    assert example.candidates == ("good 1", "bad 1")
    assert example.ratings == (8.0, 5.5)


def test_the_columns_of_ultrafeedback_are_all_read(folder):
    """`messages` is compared with the pair, `prompt_id` is the id, `score_*` are the ratings."""
    loaded = hub.load(HubOptions("./set", splits={"train": "train_prefs"}), folder)
    reading = loaded.readings["train"]
    assert (reading.not_read, reading.notes, reading.dropped) == ((), {}, {})
    assert [example.ratings for example in loaded["train"]][:2] == [(8.0, 8.0), (8.0, 5.5)]
    bare = hub.load(HubOptions("./set", splits={"train": "train_prefs"}, ignore_columns=["messages"]), folder)
    assert dict(bare) == dict(loaded)
    with pytest.raises(BenchError, match="ignore_columns: .*: mesages. Did you mean 'messages'"):
        hub.load(HubOptions("./set", splits={"train": "train_prefs"}, ignore_columns=["mesages"]), folder)


def test_a_local_folder_is_pinned_by_the_hash_of_its_files(folder):
    options = HubOptions("set", splits={"train": "train_prefs"})
    before = hub.identity(options, folder)
    assert list(before) == ["set"] and len(before["set"]) == 64
    (folder / "set" / "README.md").write_bytes(README + b"more")
    assert hub.identity(options, folder) != before
    with pytest.raises(BenchError, match="dataset_revision: set is a local folder, which has no revision"):
        hub.identity(HubOptions("set", dataset_revision=COMMIT, splits={"train": "train_prefs"}), folder)


def test_an_unknown_split_is_answered_with_those_there_are(folder):
    with pytest.raises(
        BenchError, match="expected one of the dataset's splits train_prefs, test_prefs, got 'train'"
    ) as e:
        hub.load(HubOptions("./set", splits={"train": "train"}), folder)
    assert e.value.exit_code == ExitCode.USAGE


def test_an_unknown_or_missing_configuration_is_named(folder):
    with pytest.raises(BenchError, match="(?s)in the hub's format.*'other'"):
        hub.load(HubOptions("./set", dataset_config="other", splits={"train": "train_prefs"}), folder)
    two = README.replace(b"---\n#", b"- config_name: second\n  data_files: data/test_prefs-*\n---\n#")
    (folder / "set" / "README.md").write_bytes(two)
    with pytest.raises(BenchError, match="dataset_config: .* has several configurations; name one of default, second"):
        hub.load(HubOptions("./set", splits={"train": "train_prefs"}), folder)


def test_a_folder_without_data_is_not_in_the_hubs_format(folder):
    (folder / "bare").mkdir()
    with pytest.raises(BenchError, match="bare: expected a dataset in the hub's format"):
        hub.load(HubOptions("./bare", splits={"train": "train"}), folder)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "../a/b"])
def test_a_missing_folder_is_unavailable(tmp_path, name):
    with pytest.raises(BenchError, match="no such folder") as caught:
        hub.load(HubOptions(name, splits={"train": "train"}), tmp_path)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset_revision": "main", "splits": {"a": "b"}}, "dataset_revision: expected a commit .* got 'main'"),
        ({"dataset_revision": "v1.0", "splits": {"a": "b"}}, "dataset_revision: expected a commit"),
        ({"dataset_revision": COMMIT[:7], "splits": {"a": "b"}}, "dataset_revision: expected a commit"),
        ({"dataset_revision": COMMIT}, "splits: expected at least one"),
        ({"dataset_name": "", "splits": {"a": "b"}}, "dataset_name: expected a hub id or a folder"),
        ({"splits": {"a": "b"}, "limit": {"a": -1}}, r"limit\.a: expected"),
    ],
)
def test_options_that_pin_nothing_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        HubOptions(**{"dataset_name": "someone/data", **options})


@pytest.mark.parametrize("call", [hub.load, hub.identity])
def test_a_hub_id_needs_a_revision(tmp_path, call):
    with pytest.raises(BenchError, match="dataset_revision: required for someone/data") as caught:
        call(HubOptions("someone/data", splits={"train": "train"}), tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE


def test_the_identity_of_a_hub_dataset_is_its_commit_and_needs_no_network(tmp_path):
    options = HubOptions("someone/data", dataset_revision=COMMIT, splits={"train": "train"})
    assert hub.identity(options, tmp_path) == {"revision": COMMIT}


def test_offline_and_not_cached_is_said_at_once(tmp_path, monkeypatch, folder):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    options = HubOptions("someone/data", dataset_revision=COMMIT, splits={"train": "train"})
    with pytest.raises(BenchError) as caught:
        hub.load(options, tmp_path)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    for part in ("someone/data", COMMIT, "HF_HUB_OFFLINE=1", "bench fetch"):
        assert part in str(caught.value)


def test_a_hub_that_never_answers_is_given_up_in_time(tmp_path, monkeypatch, folder):
    """A server that accepts and says nothing, as a broken proxy does."""
    import huggingface_hub.constants

    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hub_access, "DEADLINE_SECONDS", 1.0)
    assert hub_access.DEADLINE_SECONDS < 10
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        start = time.monotonic()
        with pytest.raises(BenchError, match="not on this machine") as caught:
            hub.load(HubOptions("someone/data", dataset_revision=COMMIT, splits={"train": "t"}), tmp_path)
        assert time.monotonic() - start < 5
    assert caught.value.exit_code == ExitCode.UNAVAILABLE


_CHAIN = """
import os, sys
sys.path.insert(0, sys.argv[1])
from sources.test_hub import COMMIT, files
from sources.fake_hub import Repo, serving

def ask(revision):
    from pathlib import Path
    from benchbench.core.errors import BenchError
    from benchbench.sources.hub import source as hub
    options = hub.HubOptions("someone/Some-Prefs", dataset_revision=revision, splits={"train": "train_prefs"})
    try:
        print([example.candidates[0] for example in hub.load(options, Path("."))["train"]])
    except BenchError as error:
        print(int(error.exit_code), error)

with serving(Repo("dataset", "someone/Some-Prefs", COMMIT, files())) as address:
    os.environ["HF_ENDPOINT"] = address
    ask(COMMIT)
    ask("b" * 40)
ask(COMMIT)
ask("b" * 40)
"""


def test_exactly_the_pinned_commit_is_fetched_and_found_again_without_a_hub(tmp_path):
    """`load_dataset` itself would answer the second and the last question with the cached revision."""
    hidden = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "HF_DATASETS_CACHE")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= {"HF_HOME": str(tmp_path), "PYTHONPATH": str(Path(hub.__file__).parents[3])}
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", _CHAIN, tests], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    first, second, third, fourth = done.stdout.splitlines()
    assert first == third == str([f"good {i}" for i in range(6)])
    missing = f"5 dataset someone/Some-Prefs at revision {'b' * 40}: not on this machine"
    assert second.startswith(missing) and "404" in second
    assert fourth.startswith(missing) and "cannot be reached" in fourth


def test_options_bind_from_the_plain_values_of_a_recipe():
    values = {"dataset_name": "a/b", "dataset_revision": COMMIT, "splits": {"train": "train_prefs"}}
    assert TypeAdapter(HubOptions).validate_json(json.dumps(values), strict=True) == HubOptions(**values)
