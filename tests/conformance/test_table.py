"""docs/conformance.md says what is measured, row by row."""

from __future__ import annotations

import pytest

pytest.importorskip("trl", reason="TRL is the oracle of these tests and a development dependency only")

from .table import PAGE, ROWS, page, status  # noqa: E402
from .test_trl import quiet_trl  # noqa: E402, F401


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method}-{row.trainer}-{len(row.theirs)}-{bool(row.why)}")
def test_a_row_is_what_it_says(row, tmp_path):
    assert status(row, tmp_path) == (f"different: {row.why}" if row.why else "equal")


def test_the_page_has_these_rows():
    said = {row: f"different: {row.why}" if row.why else "equal" for row in ROWS}
    assert PAGE.read_text(encoding="utf-8") == page(said), "run `python -m tests.conformance.table --write`"
