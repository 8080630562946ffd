"""constraints.txt: exact versions that suit pyproject.toml, of no one machine, and what set-up installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from harness import ROOT, run_make
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE = ROOT / "constraints.txt"
LINES = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
PINS = {canonicalize_name(name): version for name, version in (line.split("==") for line in LINES)}
OTHER_MACHINES = {"vllm", "tensorboard", "trackio", "wandb", "ray"}
"""The extra for CUDA, those for viewers of curves and for clusters: not installed where the file is made."""


def declared() -> list[Requirement]:
    """Every requirement of the package and its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    return [Requirement(text) for text in texts]


def test_every_line_is_a_version_without_local_label_or_place():
    assert [line for line in LINES if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][a-z0-9.]*", line)] == []
    assert len(PINS) == len(LINES) > 100 and "benchbench" not in PINS
    assert sorted(LINES, key=lambda line: line.split("==")[0]) == LINES


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_every_requirement_is_pinned_within_its_range(requirement: Requirement):
    name = canonicalize_name(requirement.name)
    assert name in OTHER_MACHINES or requirement.specifier.contains(PINS[name], prereleases=True)


def test_set_up_uses_it_where_it_resolves():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert ".venv/.ok: pyproject.toml overrides-cpu.txt constraints.txt" in makefile
    assert "pins='-c constraints.txt'" in makefile


def test_make_constraints_writes_what_is_installed(tmp_path: Path):
    """Comments stay; where set-up used the file, what is installed is what it says."""
    (tmp_path / ".venv").mkdir()
    head = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    (tmp_path / "constraints.txt").write_text("\n".join([*head, "torch==0.1"]) + "\n", encoding="utf-8")
    run_make("constraints", cwd=tmp_path)
    written = (tmp_path / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert written[: len(head)] == head and "torch==0.1" not in written and "+" not in "".join(written[len(head) :])
    used = ROOT / ".venv" / ".ok"
    if used.is_file() and "constraints.txt" in used.read_text(encoding="utf-8"):
        assert written[len(head) :] == LINES


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "benchbench" / "py.typed").is_file()
