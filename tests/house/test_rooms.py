"""Rooms of exhibits: found by file name, listed nowhere, each in order."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from pathlib import Path
from types import ModuleType

import pytest
from harness import ROOT

from benchbench import (
    analyses,
    exports,
    imports,
    judges,
    methods,
    metrics,
    oracles,
    reward_objectives,
    samplers,
    selectors,
    shaping,
    sources,
    transforms,
)

ROOMS = {
    "analyses": (analyses, "ANALYSIS"),
    "exports": (exports, "EXPORT"),
    "imports": (imports, "IMPORT"),
    "judges": (judges, "JUDGE"),
    "methods": (methods, "METHOD"),
    "metrics": (metrics, "METRIC"),
    "oracles": (oracles, "ORACLE"),
    "reward_objectives": (reward_objectives, "OBJECTIVE"),
    "samplers": (samplers, "SAMPLER"),
    "selectors": (selectors, "SELECTOR"),
    "shaping": (shaping, "SHAPING"),
    "sources": (sources, "SOURCE"),
    "transforms": (transforms, "TRANSFORM"),
}

TESTS = {"selectors": "selector_room"}
"""Room -> its folder of tests where that has another name: Python has a module `selectors` of its own."""


def exhibits() -> list[tuple[str, str]]:
    return [(room, name) for room, (module, _) in ROOMS.items() for name in module.names()]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_what_its_folder_holds(room: str):
    module, _ = ROOMS[room]
    folder = Path(str(module.__file__)).parent
    files = {path.stem for path in folder.glob("[a-z]*.py")}
    folders = {path.parent.name for path in folder.glob("[a-z]*/__init__.py")}
    assert set(module.names()) == files | folders
    assert list(module.names()) == sorted(files | folders)


@pytest.mark.parametrize(("room", "name"), exhibits())
def test_an_exhibit_has_the_name_of_its_file_and_a_version(room: str, name: str):
    module, constant = ROOMS[room]
    found = module.get(name)
    assert found.name == name
    assert found.version >= 1
    assert dataclasses.is_dataclass(found)
    assert found.__dataclass_params__.frozen
    own: ModuleType = __import__(f"benchbench.{room}.{name}", fromlist=[constant])
    assert getattr(own, constant) is found


def without_test(room: Path, tests: Path) -> list[str]:
    """Exhibits of a room's folder that have no `test_<name>.py` of their own, with a test in it that names them."""
    files = [path.stem for path in room.glob("[a-z]*.py")] + [
        path.parent.name for path in room.glob("[a-z]*/__init__.py")
    ]
    return sorted(name for name in files if not _tests(tests / f"test_{name}.py", name))


def _tests(file: Path, name: str) -> bool:
    """Whether a file has a test and speaks of an exhibit."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return name in text and any(
        isinstance(n, ast.FunctionDef) and n.name.startswith("test_") for n in ast.parse(text).body
    )


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "exports"])
def test_an_exhibit_has_a_test_file_of_its_own(room: str):
    folder = Path(str(ROOMS[room][0].__file__)).parent
    assert without_test(folder, ROOT / "tests" / TESTS.get(room, room)) == []


def test_an_exhibit_without_its_own_test_is_found(tmp_path: Path):
    """None, an empty one, one of another exhibit: each is as good as none."""
    room, tests = tmp_path / "room", tmp_path / "tests"
    (room / "folder").mkdir(parents=True)
    tests.mkdir()
    for file in ("one.py", "two.py", "three.py", "_part.py", "__init__.py", "folder/__init__.py"):
        (room / file).write_text("")
    (tests / "test_one.py").write_text("def test_one():\n    assert 1\n")
    (tests / "test_two.py").write_text("two = 2\n")
    (tests / "test_three.py").write_text("def test_it():\n    assert 1\n")
    (tests / "test_contract.py").write_text("def test_folder_two_three():\n    assert 1\n")
    assert without_test(room, tests) == ["folder", "three", "two"]


@pytest.mark.parametrize(("room", "name"), exhibits())
def test_an_exhibit_is_short(room: str, name: str):
    folder = Path(str(ROOMS[room][0].__file__)).parent
    files = [folder / f"{name}.py"] if (folder / f"{name}.py").is_file() else list((folder / name).glob("*.py"))
    longest = 120 if len(files) == 1 else 250
    assert files
    assert all(len(file.read_text(encoding="utf-8").splitlines()) <= longest for file in files)


@pytest.mark.parametrize("name", exports.names())
def test_an_export_is_tested(name: str):
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "exports").glob("test_*.py")]
    assert any(name in text for text in tests)


@pytest.mark.parametrize(
    "name", [(room, name) for room, name in exhibits() if room not in ("metrics", "exports", "imports")]
)
def test_options_are_frozen_and_their_defaults_hold(name: tuple[str, str]):
    room, exhibit = name
    found = ROOMS[room][0].get(exhibit)
    with_defaults = room in ("methods", "reward_objectives", "analyses", "shaping")
    options = found.hyper if room in ("methods", "reward_objectives") else found.options
    assert options.__dataclass_params__.frozen
    required = [f for f in dataclasses.fields(options) if f.default is f.default_factory is dataclasses.MISSING]
    if with_defaults:
        assert required == [], "a method has its paper's defaults, an analysis defaults that it names"
        options()
    assert inspect.getdoc(options)


@pytest.mark.parametrize("room", ROOMS)
def test_an_unknown_exhibit_is_named_with_those_there_are(room: str):
    from benchbench.core.errors import BenchError

    module, _ = ROOMS[room]
    with pytest.raises(BenchError, match="Known: ") as refused:
        module.get("nothing_like_it")
    assert all(name in str(refused.value) for name in module.names())
