"""Methods of installed packages: found by name, called after their package's content, broken ones with the reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from harness import bench

from benchbench import methods
from benchbench.core.errors import BenchError
from benchbench.core.method import plain_name

from .own_files import write_method


def install(site: Path, monkeypatch: pytest.MonkeyPatch, points: dict[str, str], *, package: str) -> Path:
    """A package with entry points, as an installer leaves it; returns its folder."""
    folder = site / package
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[benchbench.methods]\n{lines}")
    monkeypatch.syspath_prepend(str(site))
    return folder


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that offers `elsewhere`, one that raises, and one with a built-in's name."""
    name = f"offers_methods_{abs(len(str(tmp_path)))}_{tmp_path.name}"
    points = {"elsewhere": f"{name}.elsewhere:METHOD", "broken_one": f"{name}.broken_one", "dpo": f"{name}.elsewhere"}
    folder = install(tmp_path / "site", monkeypatch, points, package=name)
    write_method(folder, "elsewhere")
    (folder / "broken_one.py").write_text("import math\nraise RuntimeError('half installed')\n")
    yield folder
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


def test_it_is_found_by_its_name_and_called_after_its_content(package: Path):
    assert {"elsewhere", "broken_one", "dpo"} <= set(methods.installed())
    method = methods.get("elsewhere")
    assert plain_name(method.name) == "elsewhere" and "+" in method.name
    assert methods.get(method.name).name == method.name


def test_content_that_was_planned_is_required(package: Path):
    name = methods.get("elsewhere").name
    with pytest.raises(BenchError, match="changed since it was planned"):
        methods.get(name[:-1] + ("0" if name[-1] != "0" else "1"))


def test_a_broken_one_says_why_and_takes_no_list_down(package: Path):
    with pytest.raises(BenchError, match=r"broken_one.*RuntimeError: half installed \(line 2 of broken_one.py\)"):
        methods.get("broken_one")
    listed = bench("methods", "ls", "--json")
    rows = [(row["method"], row["status"]) for row in listed.json]
    assert listed.code == 0
    assert ("broken_one", "broken") in rows and ("elsewhere", "") in rows
    assert rows.count(("dpo", "")) == 1 and ("dpo", "broken") in rows, "the built-in one stays"
    assert methods.get("dpo").name == "dpo"
    shown = " ".join(bench("methods", "ls", "--status", "broken").out.split())  # folded in its column
    assert "half installed" in shown and "no built-in method has" in shown


def test_two_packages_with_one_name_are_refused(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = install(
        tmp_path / "more", monkeypatch, {"elsewhere": f"{package.name}x.elsewhere"}, package=f"{package.name}x"
    )
    write_method(folder, "elsewhere")
    with pytest.raises(BenchError, match="uninstall the other"):
        methods.get("elsewhere")


def test_it_can_be_planned(package: Path, tmp_path: Path):
    line = (
        "compare",
        "dpo",
        "elsewhere",
        "--setting",
        "tiny",
        "--seeds",
        "1",
        "--dry-run",
        "--json",
        "--runs",
        tmp_path,
    )
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert any(stage["stage"].startswith("elsewhere seed 1") for stage in ended.json["stages"])
