"""Kinds of operations."""

from __future__ import annotations

import pytest

from benchmarks.shares import BETWEEN, KINDS, kind_of


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("aten::addmm", "matrix products"),
        ("aten::_scaled_dot_product_flash_attention_for_cpu_backward", "attention"),
        ("aten::_fused_adamw_", "optimizer and clipping"),
        ("aten::_log_softmax", "softmax of the head"),
        ("aten::native_layer_norm_backward", "normalisation and activation"),
        ("aten::copy_", "copies, casts, indexing"),
        ("aten::add_", "arithmetic"),
        ("aten::view", BETWEEN),
        ("AddmmBackward0", BETWEEN),
    ],
)
def test_an_operation_has_the_first_kind_that_fits(operation: str, kind: str):
    assert kind_of(operation) == kind
    assert kind in {*KINDS, BETWEEN}
