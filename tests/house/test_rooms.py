"""Rooms of exhibits: found by file name, listed nowhere, each in order."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from types import ModuleType

import pytest
from harness import ROOT

from benchbench import exports, judges, methods, metrics, sources

ROOMS = {
    "exports": (exports, "EXPORT"),
    "judges": (judges, "JUDGE"),
    "methods": (methods, "METHOD"),
    "metrics": (metrics, "METRIC"),
    "sources": (sources, "SOURCE"),
}


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


@pytest.mark.parametrize(("room", "name"), exhibits())
def test_an_exhibit_is_short_and_has_a_test(room: str, name: str):
    module, constant = ROOMS[room]
    folder = Path(str(module.__file__)).parent
    files = [folder / f"{name}.py"] if (folder / f"{name}.py").is_file() else list((folder / name).glob("*.py"))
    longest = 120 if len(files) == 1 else 200
    assert files
    assert all(len(file.read_text(encoding="utf-8").splitlines()) <= longest for file in files)
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / room).glob("test_*.py")]
    assert any(name in text for text in tests) or any(f"{room}.names()" in text for text in tests)


@pytest.mark.parametrize("name", [(room, name) for room, name in exhibits() if room not in ("metrics", "exports")])
def test_options_are_frozen_and_their_defaults_hold(name: tuple[str, str]):
    room, exhibit = name
    found = ROOMS[room][0].get(exhibit)
    options = found.hyper if room == "methods" else found.options
    assert options.__dataclass_params__.frozen
    required = [f for f in dataclasses.fields(options) if f.default is f.default_factory is dataclasses.MISSING]
    if room == "methods":
        assert required == [], "a method has its paper's defaults"
        options()
    assert inspect.getdoc(options)


@pytest.mark.parametrize("room", ROOMS)
def test_an_unknown_exhibit_is_named_with_those_there_are(room: str):
    from benchbench.core.errors import BenchError

    module, _ = ROOMS[room]
    with pytest.raises(BenchError, match="Known: ") as refused:
        module.get("nothing_like_it")
    assert all(name in str(refused.value) for name in module.names())
