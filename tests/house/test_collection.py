"""Tests have the same names in every process: workers that collect different names refuse to start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from harness import ROOT


@pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="xdist compares the names of its processes itself")
def test_another_process_at_another_time_collects_the_same_names(request: pytest.FixtureRequest):
    line = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-o", "addopts=", "tests"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        line, cwd=ROOT, env={**env, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    elsewhere = {name for name in ended.stdout.splitlines() if "::" in name}
    here = {item.nodeid for item in request.session.items}
    assert here and here <= elsewhere, sorted(here - elsewhere)
