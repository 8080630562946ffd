"""Compiled layers give what eager ones give; where they cannot be had, words say so."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch

from benchbench.core.errors import BenchError
from benchbench.models.compile import compile_layers
from benchbench.models.load import use_checkpointing
from benchbench.models.logps import token_logps

from .test_packed_rows import gradients, made, shaped

WHERE = "preference: torch_compile"


@pytest.mark.parametrize("checkpointing", [False, True])
def test_traced_layers_give_the_same_numbers_for_rows_of_any_length(checkpointing):
    """Traced, and run without code of its own: what is compiled, and what is left out, at no cost."""
    eager, _ = made("GPT-NeoX")
    compiled = copy.deepcopy(eager)
    if checkpointing:
        use_checkpointing(compiled.train())
    compile_layers(compiled, where=WHERE, backend="eager")
    for seed in range(3):
        rows = shaped("prompt", seed=seed)
        ours, theirs = token_logps(compiled, rows).token, token_logps(eager, rows).token
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
        mine, other = gradients(compiled, ours), gradients(eager, theirs)
        for name in other:
            torch.testing.assert_close(mine[name], other[name], rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_compiled_layers_give_the_same_loss():
    eager, _ = made("GPT-NeoX")
    compiled = copy.deepcopy(eager)
    compile_layers(compiled, where=WHERE)
    rows = shaped("prompt")
    logps = [token_logps(model, rows).token for model in (compiled, eager)]
    torch.testing.assert_close(logps[0].mean(), logps[1].mean(), rtol=1e-5, atol=1e-5)
    mine, other = (gradients(model, token) for model, token in zip((compiled, eager), logps, strict=True))
    for name in other:
        torch.testing.assert_close(mine[name], other[name], rtol=1e-4, atol=1e-4)


def test_a_machine_without_a_compiler_is_told_so(monkeypatch):
    from torch._inductor import cpp_builder

    def none() -> str:
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", none)
    model, _ = made("GPT-NeoX")
    with pytest.raises(
        BenchError, match=r"preference: torch_compile: expected a C\+\+ compiler .* found none; install"
    ):
        compile_layers(model, where=WHERE)


def test_a_model_without_a_list_of_layers_is_told_so():
    model = torch.nn.Linear(2, 2)
    model.config = SimpleNamespace(num_hidden_layers=3)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(BenchError, match="found Linear, which has no such list"):
        compile_layers(model, where=WHERE, backend="eager")
