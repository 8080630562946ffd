"""Where the real data is, if it is here."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real third-party data beside the checkout."""
    if not _SHARED.is_dir():
        pytest.skip(f"{_SHARED} is not there")
    return _SHARED


@pytest.fixture(scope="session")
def neox(shared):
    """The tokenizer of Pythia."""
    from benchbench.data.tokenizer import load_tokenizer

    return load_tokenizer("tokenizers/neox_20b", revision=None, pad_token=None, folder=shared)
