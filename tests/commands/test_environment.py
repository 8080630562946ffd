"""`bench env`."""

from __future__ import annotations

import platform
from importlib.metadata import version

import pytest
from harness import bench


def test_env_tells_versions_device_and_variables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = bench("env", "--device", "cpu", "--json").json
    assert found["device_kind"] == "cpu"
    assert found["python"] == platform.python_version()
    for name in ("torch", "transformers", "numpy", "pandas"):
        assert found["packages"][name] == version(name)
    assert found["variables"]["OMP_NUM_THREADS"] == "1"
    out = bench("env", "--device", "cpu").out
    assert f"torch: {version('torch')}" in out
    assert "device_kind: cpu" in out


def test_env_shows_no_token(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_TOKEN", "hf_very_secret")
    assert "very_secret" not in bench("env").out


def test_a_device_that_is_none_is_refused():
    ended = bench("env", "--device", "tpu")
    assert ended.code == 2
    assert "--device: expected auto, cpu, cuda or cuda:N, got 'tpu'" in ended.err
