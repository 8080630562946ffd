"""docs/add_a_method.md, walked: its files are written into a copy of the checkout, its commands are run there.

A second method, which reads columns that no data has yet, shows that the shared toys need no change for one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT

from tests.house.test_rooms import without_test
from tests.training import golden_runs

PAGE = (ROOT / "docs" / "add_a_method.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL))
COMMANDS = [line.strip() for line in PAGE.splitlines() if line.startswith("    bench ")]
CHECK = re.search(r"^python -m (pytest .*)$", PAGE, flags=re.MULTILINE)
COLUMNS = '''"""Weighted hinge of two columns, for a test.

Nobody 2026, not on arXiv.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Method, Paper
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """None."""


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] summed log-probability and the candidate's quality."""
    return scores.policy.sum() + scores.column("quality").to(scores.policy.token)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weighted logistic loss; a negative weight or a quality beyond its range raises."""
    weight, quality = scores.column("weight"), scores.column("quality")
    chosen, rejected = pair(reward(scores, hyper))
    assert weight.shape == quality.shape[:1] and (weight >= 2).all() and quality.shape[1] == 2
    assert ((quality >= -1) & (quality <= 3)).all()
    return weight.to(chosen) * -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="two_columns",
    paper=Paper("Nobody", 2026, title="None", note="For a test, not on arXiv."),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    columns=(Column("weight", low=2.0), Column("quality", low=-1.0, high=3.0, per="candidate", missing="keep")),
)
'''


WALK = """
import contextlib, gc, io, json, sys
gc.disable()
from benchbench.core.imports import hide_from_transformers, own_this_process
own_this_process()
hide_from_transformers()
from pathlib import Path
from typing import Any

import pytest
from harness import bench, finish
from tests.training import golden_runs

orders = json.loads(sys.argv[1])
sys.argv = ["golden_runs", "--write"]
golden_runs.names = lambda: orders["golden"]
outcome = {}
for name, act in {
    "golden": golden_runs.main,
    **{name: lambda words=words: pytest.main([*words, "-o", "addopts="]) for name, words in orders["pytest"].items()},
}.items():
    with contextlib.redirect_stdout(io.StringIO()) as said:
        act()
    outcome[name] = said.getvalue()
outcome["trained"] = finish(["dpo", "slic_calibration"], runs=Path("runs"), setting=Path("tests/micro.yaml").resolve())
for line in orders["bench"]:
    ended = bench(*line)
    outcome[" ".join(line)] = ended.out if ended.code == 0 else ended.err
Path("walked.json").write_text(json.dumps(outcome))
"""
"""What a reader would do, in one process of the copy, since each would import torch anew."""
COMMITTED = ("dpo@default", "ddo_rm@k4", "kto@default", "sft@default", "reward_model@mean")
"""Golden runs that are made anew; tests/training/test_golden_runs.py makes all of them."""
NEW = ("slic_calibration@default", "two_columns@default")
QUICK = ("compare", "dpo", "slic_calibration", "--setting", "tests/micro.yaml", "--seeds", "1")
"""The comparison of the page on a setting that takes seconds instead of minutes."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the walk needs of the checkout, with the files of the page in it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("benchbench", "tests", "recipes", "docs"):
        shutil.copytree(ROOT / name, copy / name)  # with its bytecode
    for name in ("README.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"):
        shutil.copyfile(ROOT / name, copy / name)
    assert not [name for name in FILES if (copy / name).exists()], "the example is there already; take another one"
    for name, text in FILES.items():
        (copy / name).write_text(text, encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def walked(checkout: Path) -> dict[str, Any]:
    """What came of each step of the page."""
    assert CHECK is not None
    columns = checkout / "benchbench" / "methods" / "two_columns.py"
    columns.write_text(COLUMNS, encoding="utf-8")
    contract = ["tests/methods/test_contract.py", "tests/training/test_objective.py", "-k", "two_columns"]
    orders = {
        "golden": [*COMMITTED, *NEW],
        "pytest": {"check": CHECK[1].split()[1:], "columns": ["-n", "0", *contract]},
        "bench": [*(line.split()[1:] for line in COMMANDS if "--seeds" not in line), QUICK],
    }
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", WALK, json.dumps(orders)],
        **{"cwd": checkout, "env": env, "capture_output": True, "text": True, "timeout": 500, "check": False},
    )
    columns.unlink()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((checkout / "walked.json").read_text(encoding="utf-8"))


def passed(said: str) -> int:
    """How many tests passed; none failed, and none was left out."""
    assert not re.search("failed|error|skipped", said.splitlines()[-1]), said[-3000:]
    return int(re.findall(r"(\d+) passed", said)[0])


def test_the_page_has_a_method_its_test_its_golden_values_and_a_recipe():
    places = ["benchbench/methods", "tests/methods", "tests/golden/losses", "recipes"]
    assert [str(Path(name).parent) for name in FILES] == places
    assert CHECK is not None and sum("--seeds" in line for line in COMMANDS) == 2


def test_the_house_fails_for_a_method_without_its_test(checkout: Path):
    rooms = (checkout / "benchbench" / "methods", checkout / "tests" / "methods")
    assert without_test(*rooms) == []
    written = rooms[1] / "test_slic_calibration.py"
    text = written.read_text(encoding="utf-8")
    for other in (None, '"""SLiC, calibration."""\n', '"""DPO."""\n\n\ndef test_by_hand():\n    assert True\n'):
        written.unlink()
        if other is not None:
            written.write_text(other, encoding="utf-8")
        assert without_test(*rooms) == ["slic_calibration"], other
        written.write_text(text, encoding="utf-8")


def test_the_golden_run_of_the_new_method_moves_no_other(walked: dict[str, Any], checkout: Path):
    """`make golden` is this command; the others come out to the bit as they do here without the new method.

    Where this machine rounds as the one that made the committed traces, these are the committed ones.
    """
    assert "$(BIN)/python -m tests.training.golden_runs --write" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "    make golden\n    make docs\n" in PAGE
    committed = json.loads(golden_runs.FILE.read_text(encoding="utf-8"))
    here = {name: golden_runs.trace(name) for name in COMMITTED}
    moved = [name for name in COMMITTED if here[name] != committed[name]]
    assert walked["golden"].splitlines()[-1].endswith(f"not bit-equal to the committed: {', '.join([*moved, *NEW])}")
    traces = json.loads((checkout / "tests" / "training" / "golden_runs.json").read_text(encoding="utf-8"))
    assert set(NEW) <= set(traces)
    assert {name: traces[name] for name in COMMITTED} == here


def test_the_contract_is_green(walked: dict[str, Any]):
    assert passed(walked["check"]) > 15


def test_the_commands_of_the_page_run(walked: dict[str, Any]):
    assert "Zhao et al. 2023, arXiv:2305.10425" in walked["methods show slic_calibration"]
    valid = walked["recipes validate recipes/slic_calibration_tiny.yaml"]
    assert valid.strip().endswith("recipes/slic_calibration_tiny.yaml: valid (slic_calibration on tiny)")


def test_the_comparison_has_its_row(walked: dict[str, Any]):
    assert set(walked["trained"].values()) == {"done"}
    rows = [line.split() for line in walked[" ".join(QUICK)].splitlines() if " untuned" in line]
    assert [row[0] for row in rows] == ["dpo", "slic_calibration"]


def test_a_method_with_columns_of_its_own_needs_no_change_to_the_toys(walked: dict[str, Any]):
    assert passed(walked["columns"]) >= 5, "the contract, and what the loop gives a loss"
