"""What running out of memory looks like."""

from __future__ import annotations

import torch

from benchbench.batches.memory import free_memory, is_out_of_memory


def test_a_processor_without_memory_is_told_by_its_words():
    try:
        torch.empty(2**60)
    except RuntimeError as error:
        assert is_out_of_memory(error)
    else:
        raise AssertionError("2**62 bytes were there")


def test_other_errors_are_none():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def test_memory_is_given_back_without_a_card():
    free_memory()
