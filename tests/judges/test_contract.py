"""What every judge promises, for every judge found in the room."""

from __future__ import annotations

import ast
import csv
import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchbench import judges, sources
from benchbench.core.errors import BenchError
from benchbench.core.identity import plain
from benchbench.core.judge import Contest, Judge
from benchbench.data.serial import prompt_hash
from benchbench.judging.identity import judge_identity
from benchbench.recipe.binding import bind

from .chat_server import prefers, serving
from .classifiers import classifier_folder, sentiment_folder
from .contests import context, verdicts

OPTIONS: dict[str, dict[str, Any]] = {
    "gold": {},
    "human_file": {"path": "verdicts.csv"},
    "reward_model": {"model_name_or_path": "./classifier", "max_length": 192},
    "classifier": {"model_name_or_path": "./sentiment", "label": "POSITIVE", "max_length": 256},
    "chat_endpoint": {"base_url": "http://127.0.0.1:9/v1", "model": "some-judge"},
}
"""By judge; one that is not here must do with its defaults."""


WORLDS = {"arithmetic": "arithmetic", "codec": "codec"}
"""Judge -> the source whose prompts alone it can read; every other judge reads those of the toy world."""
PROMPTS = {"codec": "golden_prompts"}
"""Source -> the option that says how many pairs to train on there are."""


def world_contests(judge_name: str = "") -> list[Contest]:
    """Contests that the judge can read."""
    source = sources.get(WORLDS.get(judge_name, "toy"))
    examples = source.load(
        source.options(demonstrations=1, **{PROMPTS.get(source.name, "preference_prompts"): 6}), Path()
    )
    return [Contest(one.id, 0, one.prompt, *one.candidates) for one in examples["train"]]


@pytest.fixture(params=judges.names())
def judge(request: pytest.FixtureRequest) -> Judge:
    return judges.get(request.param)


@pytest.fixture
def options(judge: Judge, tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """Options that work in this test's folder."""
    given = dict(OPTIONS.get(judge.name, {}))
    if judge.name == "reward_model":
        classifier_folder(tmp_path / "classifier")
    if judge.name == "classifier":
        sentiment_folder(tmp_path / "sentiment")
    if judge.name == "human_file":
        write_verdicts(tmp_path / "verdicts.csv", world_contests())
    if judge.name == "chat_endpoint":
        server = request.getfixturevalue("horse_server")
        given["base_url"] = server.url
    bound, faults = bind(judge.options, given, where="judge.options")
    assert faults == []
    return bound


@pytest.fixture
def horse_server():
    with serving(prefers("answer")) as server:
        yield server


def write_verdicts(path: Path, given: list[Contest]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt_hash", "first", "second", "first_wins"])
        for number, one in enumerate(given):
            writer.writerow([prompt_hash(one.prompt), one.first, one.second, ("first", "second", "tie")[number % 3]])


def test_the_room_holds_these_judges_and_no_private_file():
    assert judges.names() == (
        "arithmetic",
        "chat_endpoint",
        "classifier",
        "codec",
        "gold",
        "human_file",
        "reward_model",
        "sentiment",
        "toy_annotator",
    )


def test_name_is_the_file_name_and_the_version_a_positive_integer(judge: Judge):
    path = Path(inspect.getfile(judge.judge))
    assert judge.name in (path.stem, path.parent.name)
    assert type(judge.version) is int and judge.version >= 1


def test_options_are_frozen_and_every_field_has_a_docstring(judge: Judge):
    tree = ast.parse(inspect.getsource(judge.options)).body[0]
    assert isinstance(tree, ast.ClassDef)
    documented = {
        before.target.id
        for before, after in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }
    assert documented == {field.name for field in dataclasses.fields(judge.options)}
    assert judge.options.__dataclass_params__.frozen


def test_what_moves_no_verdict_is_an_option_and_no_part_of_the_identity(judge: Judge, options: Any, tmp_path: Path):
    assert judge.handling <= {field.name for field in dataclasses.fields(judge.options)}
    found = judge_identity(judge, options, tmp_path)
    assert found["name"] == judge.name and found["version"] == judge.version
    assert set(found["options"]) == set(plain(options)) - judge.handling
    assert str(tmp_path) not in str(found)


def test_every_contest_has_one_verdict_in_its_range(judge: Judge, options: Any, tmp_path: Path):
    given = world_contests(judge.name)
    found = verdicts(judge, options, given, context(tmp_path))
    assert all(verdict.first_wins is not None and 0 <= verdict.first_wins <= 1 for verdict in found)
    assert all(verdict.raw and not verdict.note for verdict in found)
    assert found == verdicts(judge, options, given, context(tmp_path))


def test_the_other_order_turns_the_verdict_round(judge: Judge, options: Any, tmp_path: Path):
    """For those that see no slots by promise; of the chat judge, for this one server."""
    given = world_contests(judge.name)
    turned = [dataclasses.replace(one, first=one.second, second=one.first) for one in given]
    here = [verdict.first_wins for verdict in verdicts(judge, options, given, context(tmp_path))]
    there = [verdict.first_wins for verdict in verdicts(judge, options, turned, context(tmp_path))]
    assert there == pytest.approx([1 - wins for wins in here if wins is not None], abs=1e-15)


def test_no_contests_are_no_verdicts(judge: Judge, options: Any, tmp_path: Path):
    assert verdicts(judge, options, [], context(tmp_path)) == []


def test_an_unknown_judge_is_answered_with_the_nearest():
    with pytest.raises(BenchError, match="unknown judge 'goald'. Did you mean 'gold'"):
        judges.get("goald")


def test_no_judge_imports_torch_before_it_judges():
    code = (
        "import sys\nfrom benchbench import judges\n[judges.get(n) for n in judges.names()]\n"
        "import benchbench.judging.pairs\n"
        "print([m for m in ('torch', 'transformers', 'httpx', 'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
