"""Damage is heard of by whoever listens, and by everybody where nobody does; it is set aside once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from benchbench.store.damage import beside, in_damaged, listening, move_to_damaged, say_damage, set_folder_aside
from benchbench.store.leases import hold


def test_the_innermost_listener_hears_of_it_and_without_one_it_is_a_warning():
    outer, inner = list[str](), list[str]()
    with listening(outer.append):
        say_damage("one")
        with listening(inner.append):
            say_damage("two")
    assert (outer, inner) == (["one"], ["two"])
    with pytest.warns(UserWarning, match="three"):
        say_damage("three")


def test_places_are_free_ones(tmp_path: Path):
    path = tmp_path / "data" / "key"
    path.mkdir(parents=True)
    assert beside(path).name == "key.damaged" and in_damaged(tmp_path, path) == tmp_path / "damaged" / "data-key"
    beside(path).mkdir()
    in_damaged(tmp_path, path).mkdir(parents=True)
    assert beside(path).name == "key.damaged.2" and in_damaged(tmp_path, path).name == "data-key.2"


def test_a_folder_is_set_aside_with_a_line(tmp_path: Path):
    folder, lines = tmp_path / "data" / "key", list[str]()
    folder.mkdir(parents=True)
    with listening(lines.append):
        set_folder_aside(tmp_path, folder, lambda: "a fault")
    assert not folder.exists() and (tmp_path / "damaged" / "data-key").is_dir()
    assert lines == [f"a fault; it is set aside in {tmp_path / 'damaged' / 'data-key'} and made again"]


def test_a_folder_that_another_process_made_anew_meanwhile_stays(tmp_path: Path):
    """Both saw the damage; the second comes when the first has moved it away and made it again."""
    folder, lines = tmp_path / "data" / "key", list[str]()
    folder.mkdir(parents=True)
    (folder / "damaged").touch()

    def fault() -> str:
        return "a fault" if (folder / "damaged").exists() else ""

    with listening(lines.append):
        with hold(tmp_path / "leases" / "aside-data-key", guards=folder):
            second = threading.Thread(target=set_folder_aside, args=(tmp_path, folder, fault))
            second.start()
            time.sleep(0.1)
            move_to_damaged(tmp_path, folder, fault())
            folder.mkdir()
        second.join(timeout=10)
    assert folder.is_dir() and len(lines) == 2
    assert lines[0].startswith("waits for process ") and "a fault; it is set aside in " in lines[1]
