"""`bench analyse ls | show`."""

from __future__ import annotations

import pytest
from harness import bench

from benchbench import analyses


def test_ls_has_a_row_per_analysis():
    rows = {row["analysis"]: row for row in bench("analyse", "ls", "--json").json}
    assert tuple(rows) == analyses.names()
    assert rows["pairs_rank"]["reads"] == "verdicts, [gold]" and rows["pairs_rank"]["paper"] == "2403.16950"


@pytest.mark.parametrize("name", analyses.names())
def test_show_prints_every_column_and_option_with_its_meaning(name: str):
    shown = bench("analyse", "show", name, "--json").json
    assert shown["description"] and shown["result"] and "Raises" not in shown["result"]
    out = bench("analyse", "show", name).out
    for field in [field for wanted in shown["inputs"] for field in wanted["columns"]]:
        assert len(field["meaning"]) > 10 and f"  {field['name']} ({field['kind']}" in out
    for option in shown["options"]:
        assert len(option["meaning"]) > 10 and f"\n{option['name']} = {option['default']}" in out
    assert max(map(len, out.splitlines())) <= 80
    assert ("form unverified: " in out) == bool(analyses.get(name).open_question)
