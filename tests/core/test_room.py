"""Rooms are found by file name and listed nowhere."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.room import exhibit, exhibit_names


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    """A room with two exhibits, one of which does not import, and a private file."""
    room = tmp_path / "bench_test_kitchen"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "pan.py").write_text("TOOL = 'a pan'\n")
    (room / "broken.py").write_text("raise RuntimeError('imported')\n")
    (room / "_shared.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("bench_test_kitchen")
    for name in [name for name in sys.modules if name.startswith("bench_test_kitchen")]:
        del sys.modules[name]


def test_names_are_file_names_sorted_and_nothing_is_imported(kitchen):
    assert exhibit_names(kitchen) == ("broken", "pan")
    assert "bench_test_kitchen.pan" not in sys.modules


def test_a_new_file_is_a_new_exhibit(kitchen):
    Path(kitchen.__path__[0], "pot.py").write_text("TOOL = 'a pot'\n")
    importlib.invalidate_caches()
    assert exhibit(kitchen, "pot", kind="tool", constant="TOOL") == "a pot"


def test_an_exhibit_is_imported_alone(kitchen):
    assert exhibit(kitchen, "pan", kind="tool", constant="TOOL") == "a pan"
    assert "bench_test_kitchen.broken" not in sys.modules


def test_an_unknown_name_suggests_the_nearest(kitchen):
    with pytest.raises(BenchError, match=r"^unknown tool 'pann'\. Did you mean 'pan'\? Known: broken, pan\.$"):
        exhibit(kitchen, "pann", kind="tool", constant="TOOL")


@pytest.mark.parametrize("name", ["_shared", "pan.py", "../pan", ""])
def test_only_names_of_exhibits_are_names(kitchen, name):
    with pytest.raises(BenchError, match="^unknown tool"):
        exhibit(kitchen, name, kind="tool", constant="TOOL")


@pytest.mark.parametrize(("room", "constant"), [("methods", "name"), ("metrics", "name"), ("sources", "name")])
def test_every_exhibit_of_our_rooms_has_the_name_of_its_file(room, constant):
    module = importlib.import_module(f"benchbench.{room}")
    names = exhibit_names(module)
    assert names and [getattr(module.get(name), constant) for name in names] == list(names)
