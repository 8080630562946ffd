"""Versions of packages, read once in a process."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError

import pytest

from benchbench.core.installed import version


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing was read before, and nothing of this file is known afterwards."""
    version.cache_clear()
    yield
    version.cache_clear()


def test_a_version_is_that_of_the_metadata_and_read_once(monkeypatch: pytest.MonkeyPatch):
    assert version("numpy") == importlib.metadata.version("numpy")
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "0")
    assert version("numpy") != "0" and version("pandas") == "0"


def test_a_package_that_was_missing_is_looked_for_again(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(PackageNotFoundError):
        version("benchbench-nobody-has-this")
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "1.0")
    assert version("benchbench-nobody-has-this") == "1.0"
