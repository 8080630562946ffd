"""The golden values of the statistics, with their sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def golden():
    """Golden cases by id; each carries inputs, value, tolerance and source."""
    cases = json.loads((Path(__file__).parent / "golden_statistics.json").read_text())
    return {case["id"]: case for case in cases}
