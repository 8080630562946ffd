"""Translation: how a method's cases, in the words of the collections, become our hyper-parameters and scores."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from benchbench.core.scores import Scores

Case = Mapping[str, Any]
"""One case as it stands in `losses/<method>.json`."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What a case of one method needs before our loss can run on it; a method without one needs nothing."""

    names: tuple[str, ...] = ()
    """Methods of the collections whose cases are this method's; its own name where none are given."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """A hyper-parameter's name there -> ours."""
    hyper: Callable[[Case], Mapping[str, Any]] | None = None
    """(case) -> all our hyper-parameters, where names alone do not do; `renamed` is then not used."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Our column -> the input it is read from, [B]; or one input per candidate, together [B, K]."""
    reward: tuple[str, ...] = ()
    """Inputs with the reward of the chosen and of the rejected response, where the method declares rewards."""
    scores: Callable[[Case], tuple[torch.Tensor, Scores]] | None = None
    """(case) -> the tensor that the gradient is taken with respect to, and the scores made of it; where inputs are
    neither pairs nor lists that `inputs.py` reads."""
    carried: Mapping[str, str] = field(default_factory=dict)
    """A number that our method carries from step to step -> the hyper-parameter there that gives it."""
    per_example: Callable[[torch.Tensor, Scores, Any], torch.Tensor] | None = None
    """(our values [B], the scores, our hyper-parameters) -> what the case lists by example, where that is another
    order or another number."""
    terms: Callable[[Case], tuple[str, ...]] | None = None
    """(case) -> names of the loss terms that its value covers, where these are not all."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Id of a case that is not run -> why."""


def translation(method: str) -> Translation:
    """The translation of `translations/<method>.py`, or the empty one."""
    name = f"{__package__}.translations.{method}"
    return importlib.import_module(name).TRANSLATION if importlib.util.find_spec(name) else Translation()


def hyper_of(case: Case, read: Translation) -> Mapping[str, Any]:
    """The case's hyper-parameters under our names and in our units."""
    if read.hyper is not None:
        return read.hyper(case)
    return {read.renamed.get(name, name): value for name, value in case["hyper"].items()}
