"""Tokenizers of the real data."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def neox(shared):
    """The tokenizer of Pythia."""
    from benchbench.data.tokenizer import load_tokenizer

    return load_tokenizer("tokenizers/neox_20b", revision=None, pad_token=None, folder=shared)
