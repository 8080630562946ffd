"""All checks of a method, under every preset of its hyper-parameters."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from benchbench.contract import declaration, gradients, invariances, shapes
from benchbench.contract.breach import Breach, Check
from benchbench.contract.scores import random_scores
from benchbench.core.method import Method, terms_of
from benchbench.core.scores import UndeclaredInputError

CHECKS: Mapping[str, Check] = {
    "shapes": shapes.shapes,
    "dtype": shapes.dtypes,
    "finite up to 1e4 nats": shapes.finite,
    "gradient reaches the policy": shapes.has_gradient,
    "gradient in double precision": gradients.gradient,
    "padding": invariances.padding,
    "order of examples": invariances.order,
    "microbatches": invariances.microbatches,
    "monotone in the chosen log-probability": invariances.monotone,
    "one candidate": invariances.ignored_candidates,
    "declared inputs are read": declaration.declared_inputs,
    "number of candidates": declaration.refused_candidates,
}
"""What is checked -> how. A check may assume that the loss runs and has its shapes."""
FIRST = "shapes"
"""The check without which the others say nothing new."""


def breaches(method: Method) -> list[tuple[str, Breach]]:
    """(check, breach) of everything that a method breaks; a breach that several presets share comes once."""
    named: dict[tuple[str, str], tuple[str, Breach]] = {}
    for variant, overrides in method.variants.items():
        try:
            hyper = method.hyper(**overrides)
        except (TypeError, ValueError) as error:
            remedy = "variants hold hyper-parameters by name, each with a value that Hyper accepts"
            breach = Breach(f"variant '{variant}' to be hyper-parameters", f"{type(error).__name__}: {error}", remedy)
            named["variants", variant] = ("variants", breach)
            continue
        for check, breach in _of_preset(method, hyper):
            named.setdefault((check, breach.expected), (check, breach))
    return list(named.values())


def _of_preset(method: Method, hyper: Any) -> list[tuple[str, Breach]]:
    crashed = run_once(method, hyper)
    if crashed is not None:
        return [("runs on what it declares", crashed)]
    first = [(FIRST, breach) for breach in guarded(CHECKS[FIRST], method, hyper)]
    if first:
        return first
    rest = [name for name in CHECKS if name != FIRST]
    return [(name, breach) for name in rest for breach in guarded(CHECKS[name], method, hyper)]


def guarded(check: Check, method: Method, hyper: Any) -> list[Breach]:
    """The breaches that a check finds; what the method raises meanwhile is one."""
    try:
        return list(check(method, hyper))
    except Exception as error:
        return [_crash(error, "loss and reward to run on every policy and batch")]


def run_once(method: Method, hyper: Any) -> Breach | None:
    """What a method raises on scores that hold exactly what it declares; none where it runs."""
    scores = random_scores(method)
    try:
        terms_of(method.loss(scores, hyper))
        method.reward(scores, hyper)
    except UndeclaredInputError as error:
        what, _, remedy = str(error).partition("; ")
        return Breach("loss and reward to read what METHOD declares and nothing else", what, remedy)
    except Exception as error:
        return _crash(error, "loss and reward to run on what METHOD declares")
    return None


def _crash(error: Exception, expected: str) -> Breach:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    observed = f"{type(error).__name__}: {error} (line {frame.lineno} of {frame.filename.rsplit('/', 1)[-1]})"
    return Breach(
        expected, observed, "mend that line; shapes are [B, K, T] for tokens and [B, K] for .sum() and .mean()"
    )
