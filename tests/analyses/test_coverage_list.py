"""coverage_list: every name maps to a room or is absent; the status follows from what is there."""

from __future__ import annotations

import csv
import importlib
from dataclasses import replace

import pytest
from harness import ROOT

from benchbench import analyses, methods, oracles, samplers
from benchbench.analyses._exhibits import LAYOUTS, exhibits
from benchbench.analyses.coverage_list import STATUSES, Options, analyse, status
from benchbench.commands.analyse.rows import input_rows
from benchbench.core.errors import BenchError
from benchbench.selectors import get


def systems() -> list[dict[str, str]]:
    """The list of the project."""
    with (ROOT / "docs" / "systems.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_the_status_follows_from_what_is_there():
    dpo, names = methods.get("dpo"), ("dpo", "other")
    both = replace(dpo, twin_of="Images.", open_question="Which?")
    open_analysis = replace(analyses.get("pairs_rank"), open_question="Which?")
    for other, expected in (
        (None, "not yet"),
        ({"metrics": object()}, "works"),
        ({"methods": replace(dpo, open_question="Which?")}, "form unverified"),
        ({"analyses": open_analysis}, "form unverified"),
        ({"methods": replace(dpo, twin_of="Images.")}, "twin"),
        ({"methods": both}, "twin, form unverified"),
    ):
        assert status(names, {"dpo": {"methods": dpo}, **({"other": other} if other else {})}) == expected
    assert status(("some_twin",), {"some_twin": {"methods": dpo}}) == "twin"


def test_a_recipe_is_an_id_whose_status_is_that_of_its_parts():
    holding = exhibits()
    iterative = holding["dpo@iterative"]["recipes"]
    assert iterative.parts == (methods.get("dpo"), samplers.get("policy"), oracles.get("gold"), get("best_worst"))
    assert status(("dpo@iterative",), holding) == "works"
    assert status(("dpo@rso",), holding) == "form unverified", "of its selector"
    assert status(("dpo@no_such_variant",), holding) == "not yet"
    assert holding["p3o@default"]["recipes"].parts[-1] is get("all_pairs"), "the recipe of the method's own name"
    assert status(("reward_model@ssrm",), holding) == "form unverified", "of its labels"
    everywhere = holding["ddo_rm@lr5e-7"]["recipes"]
    assert everywhere.parts[0] is methods.get("ddo_rm")
    objective = holding["reward_model@bt_soft"]["recipes"].parts
    assert [part.name for part in objective] == ["bt_soft"]


def test_every_id_of_the_projects_list_is_in_a_room_or_absent():
    classes, ids, table = analyse({"systems": systems()}, Options()).tables
    assert len(table.rows) == 253 and classes.rows[0]["systems"] == 253
    assert sum(classes.rows[0][name] for name in STATUSES) == 253
    assert sum(line["systems"] for line in classes.rows[1:]) == 253
    rooms = {line["id"]: line["room"] for line in ids.rows}
    assert rooms["dpo"] == "methods" and rooms["pairs_rank"] == "analyses" and rooms["rl_loop"] == "absent"
    assert rooms["prefix_sharing"] == "layouts"
    assert set(rooms) == {name for row in systems() for name in row["ids"].split(", ")}
    for line in table.rows:
        assert (line["status"] == "not yet") == (line["absent"] != "-")
        assert all(rooms[name] == "absent" for name in line["absent"].split(", ") if name != "-")


def test_the_file_is_read_as_it_stands_and_a_kind_is_chosen():
    wanted = analyses.get("coverage_list").inputs[0]
    rows, notes = input_rows(ROOT / "docs" / "systems.tsv", wanted)
    assert len(rows) == 253 and notes == []
    surveys = analyse({"systems": rows}, Options(kind="Survey")).tables[2].rows
    assert {line["row"] for line in surveys} >= {"001/48", "001/76", "001/120", "001/153", "002/19"}
    with pytest.raises(BenchError, match="expected a system with 'poetry' in its class"):
        analyse({"systems": rows}, Options(kind="poetry"))


def test_a_name_in_two_rooms_has_both():
    assert all(rooms for rooms in exhibits().values())
    assert exhibits()["dpo"]["methods"] is methods.get("dpo")


def test_a_layout_is_a_function_that_there_is():
    for path in LAYOUTS.values():
        module, name = path.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(module), name))
