"""Decoder layers compiled one by one; attention stays as it is, since its layout is not known to the compiler."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from transformers import AttentionInterface

from benchbench.core.errors import BenchError
from benchbench.models import attention
from benchbench.models.activations import decoder_layers
from benchbench.models.logps import unwrap


def compile_layers(model: Any, *, where: str, backend: str = "inductor") -> None:
    """Have each decoder layer of a model compiled when it is first run, for rows of any length.

    Args:
        model: a model of transformers, with or without adapters and head.
        where: the setting that asks for it, for messages.
        backend: of torch.compile.

    Raises:
        BenchError: a machine without a compiler; a model whose layers are not a list.
    """
    plain = unwrap(getattr(model, "backbone", model))
    if backend == "inductor":
        _require_compiler(plain.get_input_embeddings().weight.device.type, where)
    layers = decoder_layers(plain)
    if layers is None:
        raise BenchError(
            f"{where}: expected a model with its decoder layers in a list, found {type(plain).__name__}, which has no "
            "such list; set it to false"
        )
    AttentionInterface.register(attention.NAME, _undisturbed())
    for layer in layers:
        layer.compile(dynamic=True, backend=backend)


@cache
def _undisturbed() -> Any:
    return torch.compiler.disable(attention.bench_attention)


def _require_compiler(device_kind: str, where: str) -> None:
    """Inductor writes C++ for processors and Triton for cards."""
    if device_kind == "cuda":
        from torch.utils._triton import has_triton

        if not has_triton():
            raise BenchError(f"{where}: expected Triton, which compiles for this card, found none; set it to false")
        return
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except (InvalidCxxCompiler, RuntimeError) as error:
        raise BenchError(
            f"{where}: expected a C++ compiler on this machine, found none; install g++, or set it to false "
            f"({' '.join(str(error).split())[:120]})"
        ) from None
