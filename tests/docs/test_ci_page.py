"""docs/ci.md and its workflow: the commands of its first job run literally in a lab's repository, the others parse."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, ROOT, Ended, bench
from ruamel.yaml import YAML

from tests.cli.test_documented_lines import parsed
from tests.regress.small import small_reference

WORKFLOW = ROOT / "docs" / "examples" / "ci.yml"
JOBS: dict[str, Any] = YAML(typ="safe").load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


def commands(job: str) -> list[str]:
    """The project's own commands of a job, as they are written."""
    runs = [step["run"] for step in JOBS[job]["steps"] if "run" in step]
    return [run for run in runs if run.startswith("bench ")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab's repository: a setting, a recipe, and reference results that somebody committed."""
    root = tmp_path_factory.mktemp("lab")
    (root / "recipes").mkdir()
    text = MICRO.read_text(encoding="utf-8").replace("name: micro", "name: lab", 1)
    (root / "recipes" / "lab.yaml").write_text(text, encoding="utf-8")
    (root / "recipes" / "dpo_lab.yaml").write_text("name: dpo_lab\nsetting: lab\nmethod: {name: dpo}\n")
    small_reference(root / "reference" / "lab")
    return root


def run(line: str) -> Ended:
    """One line of the workflow, with what it puts into a file."""
    command, _, file = line.partition(" > ")
    ended = bench(*shlex.split(command)[1:])
    if file:
        Path(file.strip()).write_text(ended.out, encoding="utf-8")
    return ended


def test_the_first_job_passes_as_it_is_written(lab: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(lab)
    lines = commands("check")
    assert [line.split()[1] for line in lines] == ["recipes", "compare", "audit", "regress"]
    for line in lines:
        ended = run(line)
        assert ended.code == 0, (line, ended.err)
    document = json.loads((lab / "regress.json").read_text())
    assert document["summary"] == "passed: lab; 1 recompute: 2 same" and document["verdict"] == "passed"
    assert json.loads((lab / "site" / "badge.json").read_text())["color"] == "brightgreen"
    assert not (lab / "runs" / "sft").exists(), "nothing was trained"


def test_a_number_that_moved_ends_the_job(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(lab / "reference", tmp_path / "reference")
    table = tmp_path / "reference" / "lab" / "measurements.csv"
    head, first, *others = table.read_text().splitlines(keepends=True)
    table.write_text("".join([head, first.replace("0.", "0.9", 1), *others]))
    monkeypatch.chdir(tmp_path)
    ended = run(commands("check")[-1])
    assert ended.code == 3
    assert json.loads((tmp_path / "regress.json").read_text())["summary"].startswith(
        "failed: lab; 1 recompute: 2 moved"
    )
    assert json.loads((tmp_path / "site" / "badge.json").read_text())["color"] == "red"


@pytest.mark.parametrize("job", JOBS)
def test_every_command_of_the_workflow_parses_and_its_summary_is_read(job: str):
    for line in commands(job):
        parsed(line.partition(" > ")[0])
    assert any(step.get("run", "").startswith("jq -r .summary regress.json") for step in JOBS[job]["steps"])
    installs = [step["run"] for step in JOBS[job]["steps"] if "pip install" in step.get("run", "")]
    assert installs == ["pip install -c bench/constraints.txt ./bench"] and (ROOT / "constraints.txt").is_file()


def test_the_page_names_the_workflow_and_says_how_versions_are_held():
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert "(examples/ci.yml)" in page and "pip install -c bench/constraints.txt ./bench\n" in page
    assert all(f"`{verdict}`" in page for verdict in ("passed", "passed with warnings", "failed"))
