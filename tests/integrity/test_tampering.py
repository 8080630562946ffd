"""Whoever changes an artefact gets the right numbers with a line that names it, or a refusal; never other numbers.

One small comparison is made once; each case copies it, changes one thing, and runs the same command again. What the
command then leaves has to be what it left the first time.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, Ended, bench, execute, finish, generate_section, tree
from judges.chat_server import Reply, serving

from benchbench.commands import run_plan
from benchbench.core.records import StageSpec
from benchbench.stages import read_spec
from benchbench.stages.score import run as score
from benchbench.store.runs import RunStore, finished_stage

from .executor import HereExecutor
from .tampers import EVERY_FILE, TAMPERS, Tamper, bit, digit, empty, one, without

JUDGE = "judge:\n  name: gold\n  against: [baseline, chosen]\n"
TABLES = ("measurements.csv", "comparisons.csv", "win_rates.csv", "win_rate_intervals.csv", "responses.csv")


class Place:
    """A folder with a setting and the `runs/` and `results/` of its comparison."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs, self.results = folder, folder / "runs", folder / "results"
        self.setting = folder / "setting.yaml"

    def compare(self) -> Ended:
        """The command, here; stages run in this process."""
        return bench(*self.line)

    @property
    def line(self) -> list[object]:
        """Its words."""
        folders = ("--runs", self.runs, "--results", self.results)
        return ["compare", "dpo", "--setting", self.setting, "--seeds", 1, *folders]

    def verify(self) -> Ended:
        return bench("verify", "--runs", self.runs, "--results", self.results)

    def tables(self) -> dict[str, str]:
        return {name: (self.results / "micro" / name).read_text(encoding="utf-8") for name in TABLES}


@pytest.fixture(scope="module")
def here() -> Iterator[None]:
    """Stages run in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_plan, "open_executor", HereExecutor)
        yield


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, here: None) -> Place:
    place = Place(tmp_path_factory.mktemp("untouched"))
    text = MICRO.read_text(encoding="utf-8") + generate_section(prompts=6, tokens=8) + JUDGE
    place.setting.write_text(text, encoding="utf-8")
    finish(["dpo"], runs=place.runs, setting=place.setting)
    ended = place.compare()
    assert ended.code == 0, ended.err
    return place


@pytest.fixture
def place(untouched: Place, tmp_path: Path) -> Place:
    copied = Place(tmp_path / "copied")
    shutil.copytree(untouched.folder, copied.folder)
    shutil.rmtree(copied.runs / "comparisons")  # what is kept of a comparison would be read back
    return copied


ALL = TAMPERS | EVERY_FILE


@pytest.fixture
def linked(untouched: Place, tmp_path: Path) -> Place:
    """A copy that shares its files with the comparison until they are changed."""
    copied = Place(tmp_path / "linked")
    shutil.copytree(untouched.folder, copied.folder, copy_function=os.link, symlinks=True)
    return copied


@pytest.mark.parametrize("what", ALL)
def test_it_is_noticed_and_named(linked: Place, what: str):
    tamper, name = ALL[what]
    tamper(linked.folder)
    ended = linked.verify()
    assert ended.code == 5 and name in ended.out, ended.out


def test_of_as_many_changes_every_one_is_noticed():
    """The tests above and below have so many; none of them may be left out to make them pass."""
    assert len(ALL) >= 100 and len(CHECKPOINTS) == 7


@pytest.mark.parametrize("what", TAMPERS)
def test_the_numbers_are_right_all_the_same(untouched: Place, place: Place, what: str):
    tamper, name = TAMPERS[what]
    tamper(place.folder)
    ended = place.compare()
    assert ended.code == 0, ended.err
    assert name in ended.err and ("set aside" in ended.err or "found no such file; it is made" in ended.err), ended.err
    assert place.tables() == untouched.tables()
    assert place.verify().code == 0, place.verify().out


def test_without_any_change_nothing_is_said(place: Place):
    assert place.verify().code == 0
    ended = place.compare()
    assert ended.code == 0 and "set aside" not in ended.err
    assert not (place.runs / "damaged").exists()


def test_what_rests_on_damaged_weights_is_said(place: Place):
    bit("runs/sft/*/model/model.safetensors")(place.folder)
    out = place.verify().out
    (preference,) = (place.runs / "preference").iterdir()
    assert f"rests on it: preference/{preference.name}" in out and "rests on it: cell dpo seed 1 of micro" in out
    (damaged,) = json.loads(bench("verify", "--runs", place.runs, "--results", place.results, "--json").out)["damages"]
    assert damaged["path"] == str(one(place.folder, "runs/sft/*"))


def test_a_turned_answer_of_a_judge_is_asked_again(untouched: Place, place: Place):
    with closing(sqlite3.connect(one(place.folder, "runs/verdicts/*.sqlite"), isolation_level=None)) as database:
        turned = "UPDATE answers SET verdict = replace(replace(verdict, '_wins\": 1.0', '_wins\": x'), '0.0', '1.0')"
        database.execute(turned.replace("x", "0.0"))
    assert place.verify().code == 5
    for folder in (place.runs / "judge").iterdir():
        shutil.rmtree(folder)  # so that the cache is read
    ended = place.compare()
    assert ended.code == 0 and "the judge is asked again" in ended.err
    assert place.tables() == untouched.tables()


def test_weights_that_somebody_removed_are_missed_only_by_who_reads_them(untouched: Place, place: Place):
    shutil.rmtree(one(place.folder, "runs/sft/*/model"))
    assert "set aside" not in place.compare().err
    shutil.rmtree(one(place.folder, "runs/preference/*"))
    shutil.rmtree(place.runs / "comparisons")
    ended = place.compare()
    assert ended.code == 0 and "model/model.safetensors: expected" in ended.err and "found no such file" in ended.err
    assert place.tables() == untouched.tables()


# --- checkpoints ----------------------------------------------------------------------------------------------------

STATE, BEFORE = "checkpoint/state.safetensors", "checkpoint/before.safetensors"


def stopped_at(step: int) -> Callable[[], bool]:
    """Asked after each step: whether to stop."""
    asked = iter(range(1, 100))
    return lambda: next(asked) >= step


def preference(place: Place) -> tuple[RunStore, StageSpec]:
    """The stage that trains the policy, as if it had never run."""
    store = RunStore(place.runs)
    (folder,) = (place.runs / "preference").iterdir()
    spec = read_spec(finished_stage(folder).as_json())
    shutil.rmtree(folder)
    return store, spec


CHECKPOINTS: dict[str, tuple[Tamper, int]] = {
    "a bit": (bit(STATE, 0.9), 1),
    "its step": (lambda f: bytes_swapped(f / STATE, b'"step":"2"', b'"step":"1"'), 1),
    "cut short": (lambda f: (f / STATE).write_bytes((f / STATE).read_bytes()[:-100]), 1),
    "empty": (empty(STATE), 1),
    "both": (lambda f: [tamper(f) for tamper in (empty(STATE), bit(BEFORE, 0.9))], 0),
    "its log lost": (without("train.jsonl"), 0),
    "its log edited": (digit("train.jsonl", '"loss": 0', '"loss": 1'), 0),
}
"""What is done to the folder of a training that was stopped after steps 1 and 2 -> how, and where it goes on."""


def bytes_swapped(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


@pytest.mark.parametrize("what", CHECKPOINTS)
def test_a_damaged_checkpoint_is_set_aside_and_the_training_ends_as_it_would_have(
    untouched: Place, place: Place, what: str
):
    tamper, step = CHECKPOINTS[what]
    store, spec = preference(place)
    for _ in range(2):
        assert execute(spec, store, should_stop=stopped_at(1)).status == "interrupted"
    tamper(store.folder(spec.key))
    events: list[dict[str, Any]] = []
    assert execute(spec, store, report=events.append).status == "done"
    said = [event["message"] for event in events if "message" in event]
    assert any("expected a checkpoint, found" in line and "set aside as" in line for line in said)
    assert next(event["step"] for event in events if "step" in event) == step + 1
    for name in ("model/model.safetensors", "train.jsonl"):
        before = RunStore(untouched.runs).folder(spec.key) / name
        assert (store.folder(spec.key) / name).read_bytes() == before.read_bytes()


def test_a_policy_none_of_whose_scores_is_a_number_is_a_failed_cell(place: Place, monkeypatch: pytest.MonkeyPatch):
    scored = score._scored

    def nothing(*args: Any, **options: Any) -> Any:
        logps, entropies = scored(*args, **options)
        return replace(logps, token=logps.token * float("nan")), entropies

    monkeypatch.setattr(score, "_scored", nothing)
    shutil.rmtree(place.runs / "score")
    ended = place.compare()
    assert ended.code == 4 and "expected log-probabilities, found none of" in ended.err


# --- secrets --------------------------------------------------------------------------------------------------------

SECRETS = {
    name: f"sk-proj/{number}f+9_Q7zT2mB8xW{number}"
    for number, name in enumerate(
        ("SOAK_JUDGE_KEY", "HF_TOKEN", "WANDB_API_KEY", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY"), start=1
    )
}
"""Variable -> its value; the judge's is the first."""


def forms(secret: str) -> list[bytes]:
    """A secret as it is, and in base64 wherever three bytes begin."""
    encoded = (base64.b64encode(b"\0" * before + secret.encode())[4:-4] for before in range(3))
    return [secret.encode(), secret.encode().hex().encode(), *encoded]


def test_no_secret_of_the_environment_is_in_any_file(place: Place, monkeypatch: pytest.MonkeyPatch):
    """The judge answers with all that it was sent, as it was and in base64, and is told of no key but its own."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    def echo(number: int, body: dict[str, Any]) -> Reply:
        sent = json.dumps(server.seen[number].headers) + json.dumps(body)
        return Reply(f"{sent}\n{base64.b64encode(sent.encode()).decode()}\n[[A]]", finish=sent)

    with serving(echo) as server:
        options = {"base_url": server.url, "model": "echo", "api_key_env": "SOAK_JUDGE_KEY"}
        sets = ["judge.name=chat_endpoint", *(f"judge.options.{name}={value}" for name, value in options.items())]
        ended = bench(*place.line, *(word for text in sets for word in ("--set", text)))
    assert ended.code == 0, ended.err
    sent = json.dumps([(seen.headers, seen.body) for seen in server.seen])
    assert [value in sent for value in SECRETS.values()] == [True, False, False, False, False]
    files = {name: content for name, content in tree(place.folder).items() if not name.endswith(".safetensors")}
    told = [*files.values(), ended.out.encode(), ended.err.encode()]
    assert any(b"***" in content for content in told), "what was masked is somewhere"
    held = [
        name for name, content in files.items() for value in SECRETS.values() if any(f in content for f in forms(value))
    ]
    assert held == [] and not any(form in text for text in told for value in SECRETS.values() for form in forms(value))
