"""`bench transforms ls | show`."""

from __future__ import annotations

import pytest
from harness import bench

from benchbench import transforms


def test_ls_has_a_row_per_transform_with_what_it_makes_and_takes():
    rows = {row["transform"]: row for row in bench("transforms", "ls", "--json").json}
    assert tuple(rows) == transforms.names()
    assert rows["soft_labels"]["makes"] == "p_chosen" and rows["soft_labels"]["takes"] == "pairs"
    assert rows["flip_labels"]["takes"] == "pairs, the preferred first"
    assert "arXiv:2402.10038" in rows["pairs_threshold"]["paper"]
    assert "pairs_best_worst" in bench("transforms", "ls").out


@pytest.mark.parametrize("name", transforms.names())
def test_show_prints_what_it_does_and_every_option_with_its_meaning(name: str):
    shown = bench("transforms", "show", name, "--json").json
    assert shown["description"] and shown["result"]
    for option in shown["options"]:
        assert len(option["meaning"]) > 10, option["name"]
    out = bench("transforms", "show", name).out
    for option in shown["options"]:
        assert f"\n{option['name']}  (required)" in out or f"\n{option['name']} = {option['default']}" in out
    assert max(map(len, out.splitlines())) <= 80
    assert ("unverified: " in out) == bool(transforms.get(name).open_question)


def test_show_tells_columns_from_roles_and_spans():
    out = bench("transforms", "show", "triples").out
    assert "makes columns: none\nmakes roles or spans: gold\n" in out
    assert "makes columns: p_chosen\nmakes roles or spans: none\n" in bench("transforms", "show", "soft_labels").out


def test_an_option_without_a_default_is_told_to_be_required():
    (rate,) = bench("transforms", "show", "flip_labels", "--json").json["options"]
    assert rate["default"] == "required"


def test_an_unknown_name_gets_a_suggestion():
    ended = bench("transforms", "show", "soft_label")
    assert ended.code == 2 and "unknown transform 'soft_label'. Did you mean 'soft_labels'?" in ended.err
