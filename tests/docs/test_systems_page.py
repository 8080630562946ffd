"""docs/systems.md: every system of the table once, with a status that follows from the rooms."""

from __future__ import annotations

import re

from .systems_page import STATUSES, exhibits, status, systems, systems_page


def test_the_table_has_every_system_once_with_ids_and_no_status():
    table = systems()
    assert len(table) == 253
    assert len({system.row for system in table}) == len(table)
    for system in table:
        assert re.fullmatch(r"\d{3}/\d+", system.row)
        assert re.fullmatch(r"\d{4}\.\d{4,5}( \(unverified\))?", system.arxiv), system
        assert system.ids and all(re.fullmatch(r"[a-z][a-z0-9_]*(@[a-z][a-z0-9_]*)?", name) for name in system.ids), (
            system
        )
        assert system.system and system.kind and system.needs


def test_methods_of_the_first_release_work():
    by_row = {system.row: status(system.ids, exhibits()) for system in systems()}
    assert {row for row, found in by_row.items() if found == "works"} >= {"000/1", "000/2", "000/3", "000/4", "001/59"}
    assert set(by_row.values()) <= set(STATUSES)
    assert by_row["001/27"] == "not yet" and by_row["000/8"] == "form unverified"


def test_every_system_is_on_the_page():
    lines = systems_page().splitlines()
    assert sum(line.startswith(("| 000/", "| 001/", "| 002/", "| 003/")) for line in lines) == len(systems())
