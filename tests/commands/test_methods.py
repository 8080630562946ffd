"""`bench methods ls | show`."""

from __future__ import annotations

import pytest
from harness import bench

from benchbench import methods


def test_ls_has_a_row_per_method_with_paper_needs_and_variants():
    rows = {row["method"]: row for row in bench("methods", "ls", "--json").json}
    assert tuple(rows) == methods.names()
    assert "arXiv:2305.18290" in rows["dpo"]["paper"]
    assert rows["dpo"]["needs"] == "reference"
    assert rows["simpo"]["needs"] == "-"
    assert rows["ddo_rm"]["needs"] == "reward"
    assert rows["ddo_rm"]["candidates"] == "any"
    assert rows["ipo"]["variants"] == "default, mean, sum"


@pytest.mark.parametrize("name", methods.names())
def test_show_prints_paper_formula_needs_and_every_hyper_parameter_with_its_meaning(name: str):
    shown = bench("methods", "show", name, "--json").json
    for field in shown["hyper"]:
        assert len(field["meaning"]) > 10, field["name"]
    for part in ("paper", "description", "loss"):
        assert shown[part]
    out = bench("methods", "show", name).out
    assert shown["paper"] in out
    for field in shown["hyper"]:
        assert field["name"] in out
    for variant in shown["variants"]:
        assert f"variant {variant}:" in out


def test_an_unknown_name_gets_a_suggestion():
    ended = bench("methods", "show", "dpoo")
    assert ended.code == 2
    assert "unknown method 'dpoo'. Did you mean" in ended.err
