"""`bench fetch` from a hub on this machine, and what uses its cache: verified, recorded, refused; `bench --offline`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from harness import Ended, bench, bench_process, leftovers
from sources.fake_hub import Repo, hub_hash, serving
from sources.test_hub import COMMIT, files

from benchbench.store.offline import VARIABLES

MODEL, MODEL_COMMIT = "someone/tiny-neox", "9879c9b5f8bea9051dcb0e68dff21493d67e9d4f"
DATA, DATA_COMMIT = "someone/Some-Prefs", COMMIT
TRAIN = "data/train_prefs-00000-of-00001.parquet"
CONFIG = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
TRAINING = "{split: train, learning_rate: 1e-3, lr_scheduler_type: linear, max_steps: 2, global_batch_size: 2}"
SETTING = f"""
name: hubbed
description: A tiny model and a tiny dataset of a hub.
model: {{model_name_or_path: {MODEL}, revision: {MODEL_COMMIT}, dtype: float32}}
data:
  source: hub
  options:
    dataset_name: {DATA}
    dataset_revision: {DATA_COMMIT}
    splits: {{train: train_prefs, test: test_prefs}}
tokenization:
  template:
    user: "<|user|> {{content}} "
    assistant: "<|assistant|> {{content}}"
    generation_prompt: "<|assistant|>"
  add_bos: false
  append_eos: true
  max_length: 128
  truncation: error
sft: {TRAINING}
preference: {TRAINING}
score: {{split: test, dtype: float32, tie_credit: 0.5, headline: {{metric: pair_accuracy, scoring: logp_mean}}}}
seeds: {{list: [1]}}
"""


SESSION = """
import sys, json
from benchbench.core.imports import own_this_process
from harness import bench
own_this_process()
answers = sys.stdout
for line in sys.stdin:
    ended = bench(*json.loads(line))
    print(json.dumps([ended.code, ended.out, ended.err]), file=answers, flush=True)
"""
"""Reads command lines, runs each, and answers how it ended."""


def model_files(folder: Path) -> dict[str, bytes]:
    """A GPT-NeoX of random weights, with its tokenizer, as a hub has it."""
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    from benchbench.data.tokenizer import train_tokenizer
    from benchbench.recipe.model import TokenizerTraining

    training = TokenizerTraining(vocab_size=128, split="train", special_tokens=("<|user|>", "<|assistant|>"))
    tokenizer = train_tokenizer([f"question {i} good {i} bad {i}" for i in range(10)], training)
    torch.manual_seed(0)
    config = GPTNeoXConfig(vocab_size=len(tokenizer), max_position_embeddings=128, **CONFIG)
    GPTNeoXForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@dataclass(frozen=True)
class Site:
    """A cache, a folder of runs and a recipe that reads the cache."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "hf"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    def record(self, kind: str) -> Path:
        name, commit = {"model": (MODEL, MODEL_COMMIT), "dataset": (DATA, DATA_COMMIT)}[kind]
        return self.runs / "fetched" / f"{kind}--{name.replace('/', '--')}--{commit}.json"

    def cached(self, kind: str, file: str) -> Path:
        """The link of a file in its snapshot."""
        name, commit = {"model": (MODEL, MODEL_COMMIT), "dataset": (DATA, DATA_COMMIT)}[kind]
        return self.home / "hub" / f"{kind}s--{name.replace('/', '--')}" / "snapshots" / commit / file

    def variables(self, address: str) -> dict[str, str]:
        """Of a process that has this cache and a hub at this address."""
        online = dict.fromkeys((*VARIABLES, "BENCH_OFFLINE"), "")
        caches = {"HF_HUB_CACHE": str(self.home / "hub"), "HF_DATASETS_CACHE": str(self.home / "datasets")}
        return {"HF_HOME": str(self.home), "HF_ENDPOINT": address, **caches, **online}

    def process(self, *args: object, address: str = "http://127.0.0.1:9") -> Ended:
        """The real script with this cache; without an address the hub refuses every connection."""
        return bench_process(*args, cwd=self.root, **self.variables(address))

    @contextmanager
    def session(self, address: str) -> Iterator[Callable[..., Ended]]:
        """Command lines in one process with this cache: libraries, which take seconds to import, read it only then."""
        line, environment = (
            [sys.executable, "-c", SESSION],
            os.environ | self.variables(address) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(line, cwd=self.root, env=environment, **pipes) as process:
            assert process.stdin and process.stdout
            asking, answers = process.stdin, process.stdout

            def command(*args: object) -> Ended:
                asking.write(json.dumps([str(arg) for arg in args]) + "\n")
                asking.flush()
                return Ended(*json.loads(answers.readline()))

            yield command
            asking.close()

    def fetch(self) -> Ended:
        """In this process, with this cache, which is told by `site`."""
        return bench("fetch", self.root / "dpo.yaml", "--runs", self.runs, "--json")


@pytest.fixture(scope="module")
def repos(tmp_path_factory) -> tuple[Repo, Repo]:
    """What the hub has."""
    model = Repo("model", MODEL, MODEL_COMMIT, model_files(tmp_path_factory.mktemp("model")))
    return model, Repo("dataset", DATA, DATA_COMMIT, files())


def new_site(root: Path) -> Site:
    """The recipe, and an empty cache."""
    (root / "hubbed.yaml").write_text(SETTING)
    (root / "dpo.yaml").write_text("name: dpo_hubbed\nsetting: ./hubbed.yaml\nmethod: {name: dpo}\n")
    return Site(root)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory, repos) -> tuple[Site, Ended]:
    """Everything of the recipe, fetched once over HTTP; the hub is gone afterwards."""
    site = new_site(tmp_path_factory.mktemp("fetched"))
    with serving(*repos) as address:
        ended = site.process("fetch", "dpo.yaml", "--runs", "runs", "--json", address=address)
    assert ended.code == 0, ended.err
    return site, ended


@pytest.fixture
def site(fetched, tmp_path, monkeypatch) -> Site:
    """A copy of the fetched cache and records, which commands in this process read."""
    import datasets.config
    import huggingface_hub.constants

    shutil.copytree(fetched[0].root, tmp_path / "copy", symlinks=True)
    copy = Site(tmp_path / "copy")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(copy.home / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", copy.home / "datasets")
    return copy


def test_everything_is_fetched_verified_and_recorded(fetched):
    site, ended = fetched
    rows = {row["part"]: row for row in ended.json}
    assert set(rows) == {"weights", "tokenizer", "data, train", "data, test"}
    assert rows["weights"]["name"] == rows["tokenizer"]["name"] == MODEL
    assert rows["weights"]["verified"].endswith("files by the hub's hashes")
    assert rows["data, train"]["verified"] == (
        "3 files by the hub's hashes; arrow tables have no published hash; examples by their content hash"
    )
    assert {row["record"] for row in rows.values()} == {"new"}
    for kind, large in (("model", "model.safetensors"), ("dataset", TRAIN)):
        recorded = json.loads(site.record(kind).read_text())
        assert set(recorded) == {"kind", "name", "revision", "files", "examples"}
        assert recorded["files"][large]["verified_by"] == "sha256"
        small = {name: file for name, file in recorded["files"].items() if not name.endswith((".safetensors", "quet"))}
        assert small and {file["verified_by"] for file in small.values()} == {"git"}
        for name, file in recorded["files"].items():
            path = site.cached(kind, name)
            content = path.read_bytes()
            assert file["size"] == len(content)
            assert path.readlink().name == hub_hash(name, content)
    ((key, splits),) = json.loads(site.record("dataset").read_text())["examples"].items()
    assert splits == {split: rows[f"data, {split}"]["content hash"] for split in ("train", "test")}
    assert (site.runs / "data" / key / "train.jsonl").is_file()


def test_a_second_fetch_needs_no_hub_and_changes_nothing(site: Site):
    before = site.record("model").read_bytes(), site.record("dataset").read_bytes()
    ended = site.fetch()
    assert ended.code == 0, ended.err
    assert {row["record"] for row in ended.json} == {"as before"}
    assert before == (site.record("model").read_bytes(), site.record("dataset").read_bytes())


def refused(site: Site, *parts: str) -> str:
    """How a fetch ends that must not record anything."""
    before = {path: path.read_bytes() for path in (site.runs / "fetched").glob("*")}
    ended = site.fetch()
    assert ended.code == 5, ended.err
    assert ended.out == "" and "Traceback" not in ended.err
    for part in parts:
        assert part in ended.err, ended.err
    assert before == {path: path.read_bytes() for path in (site.runs / "fetched").glob("*")}
    return ended.err


@pytest.mark.parametrize("way", ["damaged", "truncated"])
@pytest.mark.parametrize(
    ("kind", "file"),
    [("model", "model.safetensors"), ("model", "config.json"), ("model", "tokenizer.json"), ("dataset", TRAIN)],
)
def test_a_cached_file_that_is_not_what_the_hub_says_is_refused(site: Site, kind: str, file: str, way: str):
    link = site.cached(kind, file)
    content = link.read_bytes()
    wrong = content[:-7] if way == "truncated" else content[:9] + bytes([content[9] ^ 1]) + content[10:]
    link.resolve().write_bytes(wrong)
    shutil.rmtree(site.runs / "fetched")
    message = refused(site, f", {file}: expected ", link.readlink().name, hub_hash(file, wrong), str(link.resolve()))
    assert "problem" not in message and f"delete {link.resolve()} and run `bench fetch RECIPE` again" in message
    assert not (site.runs / "fetched").exists()


def test_all_damage_of_all_recipes_is_in_one_message(site: Site):
    for kind, file in (("model", "config.json"), ("dataset", "README.md")):
        site.cached(kind, file).resolve().write_bytes(b"{}")
    message = refused(site, "config.json: expected git", "README.md: expected git", "2 problems")
    assert message.count(" and run `bench fetch RECIPE` again") == 2


def test_a_deleted_file_of_the_model_is_asked_for_again(site: Site):
    site.cached("model", "config.json").resolve().unlink()
    refused(site, f"model {MODEL} at revision {MODEL_COMMIT}: not on this machine, and the hub cannot be reached")


def test_what_came_damaged_is_refused_before_anything_is_made_of_it_and_can_be_fetched_again(repos, tmp_path: Path):
    site = new_site(tmp_path)
    wrong = {"config.json": repos[0].files["config.json"][::-1], TRAIN: repos[1].files[TRAIN][::-1]}
    with serving(*(replace(repo, sent=wrong) for repo in repos)) as address, site.session(address) as command:
        _come_damaged_then_whole(site, command, wrong)


def _come_damaged_then_whole(site: Site, command: Callable[..., Ended], wrong: dict[str, bytes]) -> None:
    """As long as the hub sends what is wrong, and after it does so no longer."""
    ended = command("fetch", "dpo.yaml", "--runs", "runs")
    assert ended.code == 5 and ended.out == "" and "Traceback" not in ended.err, ended.err
    for kind, name in (("model", "config.json"), ("dataset", TRAIN)):
        by = {"model": "git", "dataset": "sha256"}[kind]
        assert f"{name}: expected {by} {site.cached(kind, name).readlink().name}, found " in ended.err
    assert {path.name for path in site.runs.glob("*")} <= {"leases"}
    assert not list(site.home.rglob("*.arrow"))
    for path in re.findall(r"delete (\S+) and", ended.err):
        Path(path).unlink()
    wrong.clear()
    ended = command("fetch", "dpo.yaml", "--runs", "runs", "--json")
    assert ended.code == 0, ended.err
    assert {row["record"] for row in ended.json} == {"new"}


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_other_content_at_the_same_revision_is_refused(site: Site, kind: str):
    """The file fits its name, so only the record knows that the hub had something else there before."""
    file = {"model": "config.json", "dataset": "README.md"}[kind]
    link = site.cached(kind, file)
    old = json.loads(site.record(kind).read_text())["files"][file]["sha256"]
    content = link.read_bytes() + b"\n"
    link.unlink()
    (blobs := link.parents[2] / "blobs").joinpath(hub_hash(file, content)).write_bytes(content)
    link.symlink_to(blobs / hub_hash(file, content))
    new = hashlib.sha256(content).hexdigest()
    refused(site, "the content of a pinned revision never changes", f"{file}: recorded {old}, found {new}")
    site.record(kind).unlink()
    assert site.fetch().code == 0
    assert json.loads(site.record(kind).read_text())["files"][file]["sha256"] == new


def test_other_examples_at_the_same_revision_are_refused(site: Site):
    recorded = json.loads(site.record("dataset").read_text())
    (splits,) = recorded["examples"].values()
    splits["train"] = "0" * 64
    site.record("dataset").write_text(json.dumps(recorded))
    refused(site, "examples of split train, data/", f"recorded {'0' * 64}, found ")


@pytest.mark.parametrize("line", ['{"id": "x"}\n', "no json"])
def test_damaged_examples_are_set_aside_and_made_again(site: Site, line: str):
    (prepared,) = (site.runs / "data").iterdir()
    before = (prepared / "train.jsonl").read_bytes()
    (prepared / "train.jsonl").write_text(line)
    ended = site.fetch()
    assert ended.code == 0, ended.err
    assert f"{prepared / 'train'}.jsonl: expected the data as they were prepared" in ended.err
    assert "set aside" in ended.err and (prepared / "train.jsonl").read_bytes() == before


def test_what_the_cache_holds_no_longer_stays_in_the_record(site: Site):
    """Arrow tables are enough to train, so the files they were made from may be gone."""
    site.cached("dataset", TRAIN).resolve().unlink()
    ended = site.fetch()
    assert ended.code == 0, ended.err
    assert {row["verified"] for row in ended.json if row["part"] == "data, train"} == {
        "2 files by the hub's hashes; arrow tables have no published hash; examples by their content hash"
    }
    assert TRAIN in json.loads(site.record("dataset").read_text())["files"]


def test_a_record_that_is_none_is_the_users_to_mend(site: Site):
    site.record("model").write_text("{}")
    ended = site.fetch()
    assert ended.code == 2 and f"{site.record('model')}: expected the record of a fetch" in ended.err


def test_local_folders_are_recorded_and_may_change(site: Site):
    shutil.copytree(site.cached("model", "x").parent, site.root / "model")
    shutil.copytree(site.cached("dataset", "x").parent, site.root / "set")
    local = SETTING.replace(f"{MODEL}, revision: {MODEL_COMMIT}", "./model").replace(f"{DATA}\n", "./set\n")
    (site.root / "hubbed.yaml").write_text(local.replace(f"    dataset_revision: {DATA_COMMIT}\n", ""))

    def became() -> dict[str, str]:
        ended = site.fetch()
        assert ended.code == 0, ended.err
        assert all("the hub's hash is not known" in row["verified"] for row in ended.json)
        return {row["part"].partition(",")[0]: row["record"] for row in ended.json}

    assert set(became().values()) == {"new"}
    assert set(became().values()) == {"as before"}
    (site.root / "model" / "config.json").write_bytes((site.root / "model" / "config.json").read_bytes() + b"\n")
    (site.root / "set" / "more.md").write_text("text")
    assert became() == {
        "weights": "changed since the last fetch: config.json",
        "tokenizer": "changed since the last fetch: config.json",
        "data": "changed since the last fetch: more.md",
    }
    assert set(became().values()) == {"as before"}
    names = [path.name for path in (site.runs / "fetched").glob("*--none.json")]
    assert sorted(name.rsplit("-", 3)[0] for name in names) == ["dataset--set", "model--model"]


def test_offline_the_recipe_trains_from_the_cache(site: Site):
    """Parent and worker; the hub refuses every connection besides."""
    line = ("train", "dpo.yaml", "--device", "cpu", "--workers", 1, "--runs", "runs", "--results", "results", "--json")
    ended = site.process("--offline", *line)
    assert ended.code == 0, ended.err
    assert [row["seed"] for row in ended.json] == [1]
    environments = [json.loads(path.read_text()) for path in site.runs.glob("*/*/env.json")]
    assert len(environments) >= 4
    for found in environments:
        assert {found["variables"][name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")} == {"1"}


@pytest.mark.parametrize("verb", ["train", "fetch"])
def test_offline_with_an_empty_cache_is_answered_at_once(tmp_path: Path, verb: str):
    site = new_site(tmp_path)
    started = time.monotonic()
    ended = site.process("--offline", verb, "dpo.yaml", "--runs", "runs")
    assert time.monotonic() - started < 10
    assert ended.code == 5, ended.err
    for name, commit in ((MODEL, MODEL_COMMIT), (DATA, DATA_COMMIT)):
        assert f"{name} at revision {commit}: not on this machine, and --offline forbids the network" in ended.err
    assert "Traceback" not in ended.err and ended.out == ""
    assert leftovers(tmp_path / "runs") == []


# What lies in the cache already, used by a command.


@pytest.fixture
def used(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """As another program left it: in the cache, and nothing in `runs/`; nothing was written to for a minute."""
    shutil.rmtree(site.runs)
    now = time.time()
    monkeypatch.setattr("benchbench.store.file_hashes.time.time", lambda: now + 60)
    return site


def planned(used: Site, *options: str, verb: str = "train") -> Ended:
    folders = ("--runs", used.runs, "--results", used.root / "results")
    return bench("--offline", verb, used.root / "dpo.yaml", "--dry-run", *folders, *options)


def turn(used: Site, kind: str, file: str) -> Path:
    path = used.cached(kind, file).resolve()
    content = path.read_bytes()
    path.write_bytes(content[:9] + bytes([content[9] ^ 1]) + content[10:])
    return path


def test_damage_of_the_cache_is_refused_before_anything_is_made_of_it(used: Site):
    paths = [
        turn(used, *file) for file in (("model", "model.safetensors"), ("model", "config.json"), ("dataset", TRAIN))
    ]
    ended = planned(used)
    assert ended.code == 5 and ended.out == "" and "Traceback" not in ended.err, ended.err
    assert "damaged files in the hub's cache: 3 problems" in ended.err
    assert f"model {MODEL} at revision {MODEL_COMMIT}, config.json: expected git {paths[1].name}, found " in ended.err
    assert f"dataset {DATA} at revision" in ended.err and ended.err.count("and run `bench fetch RECIPE` again") == 3
    assert all(f"delete {path} and" in ended.err for path in paths)
    assert not used.runs.exists() or {path.name for path in used.runs.iterdir()} <= {"leases"}


def test_what_is_whole_is_recorded_and_read_again_only_if_asked(used: Site):
    ended = planned(used)
    assert ended.code == 0 and "hub's cache" not in ended.err, ended.err
    records = sorted((used.runs / "hashes" / "hub").iterdir())
    assert [path.name.partition("--")[0] for path in records] == ["dataset", "model"]
    before = [path.read_bytes() for path in records]
    again = planned(used, "--verify", verb="compare")
    assert again.code == 0 and again.err.count("files in the hub's cache are what the hub says they are") == 2
    assert [path.read_bytes() for path in records] == before
    assert ended.out.partition("stages")[0] == planned(used).out.partition("stages")[0]


def test_bench_verify_reads_what_was_used_and_names_what_rests_on_it(used: Site):
    assert planned(used).code == 0
    stage = used.runs / "sft" / "0123456789abcdef"
    stage.mkdir(parents=True)
    model = used.cached("model", "config.json").parent
    (stage / "lock.yaml").write_text(json.dumps({"run": {"model_path": str(model)}, "inputs": {}}))
    sound = bench("verify", "--runs", used.runs, "--results", used.root / "results")
    assert sound.code == 0 and "2 revisions in the hub's cache: none damaged" in sound.text, sound.text
    path = turn(used, "model", "config.json")
    ended = bench("verify", "--runs", used.runs, "--results", used.root / "results")
    assert ended.code == 5, ended.text
    text = "".join(ended.text.split())
    assert f"damaged:{model}" in text and f"config.json:expectedgit{path.name},found" in text
    assert "rests on it: sft/0123456789abcdef" in ended.text


def test_bench_verify_names_the_data_that_were_prepared_from_a_damaged_dataset(used: Site):
    assert planned(used).code == 0
    (prepared,) = (used.runs / "data").iterdir()
    stage = used.runs / "sft" / "0123456789abcdef"
    stage.mkdir(parents=True)
    (stage / "lock.yaml").write_text(json.dumps({"run": {"data": str(prepared)}, "inputs": {}}))
    turn(used, "dataset", TRAIN)
    ended = bench("verify", "--runs", used.runs, "--results", used.root / "results")
    assert ended.code == 5 and f"rests on it: data/{prepared.name}" in ended.text, ended.text
    assert "rests on it: sft/0123456789abcdef" in ended.text


def test_a_command_that_fetches_has_it_recorded(used: Site):
    assert used.fetch().code == 0
    assert len(list((used.runs / "hashes" / "hub").iterdir())) == 2


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
def test_a_model_that_is_looked_at_for_a_new_setting_is_verified(used: Site, file: str):
    path = turn(used, "model", file)
    data = used.root / "rows.jsonl"
    data.write_text('{"prompt": "a", "chosen": "b", "rejected": "c"}\n')
    ended = bench("init", used.root / "new.yaml", "--model", f"{MODEL}@{MODEL_COMMIT}", "--data", data)
    assert ended.code == 5 and f"{file}: expected git {path.name}, found" in ended.err, ended.err
    assert "Traceback" not in ended.err


def test_a_model_of_the_hub_that_is_evaluated_is_verified(used: Site):
    path = turn(used, "model", "model.safetensors")
    line = ("eval", f"{MODEL}@{MODEL_COMMIT}", "--setting", used.root / "hubbed.yaml", "--runs", used.runs)
    ended = bench("--offline", *line)
    assert ended.code == 5 and f"model.safetensors: expected sha256 {path.name}, found" in ended.err, ended.err
    assert "Traceback" not in ended.err
