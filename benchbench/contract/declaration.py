"""Checks of what a method declares: everything that it reads, nothing that it does not, and how many candidates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchbench.contract.breach import Breach
from benchbench.contract.scores import accepted_candidates, random_scores
from benchbench.core.method import Candidates, Method, Need
from benchbench.core.scores import Scores, UndeclaredInputError

REFUSED = {Candidates.PAIR: (1, 3, 4), Candidates.ANY: (1,)}
"""Numbers of candidates that a loss refuses with a ValueError, if they are none that it accepts."""


def declared_inputs(method: Method, hyper: Any) -> Iterator[Breach]:
    """Loss and reward together read every need and column that is declared; what is declared is built, at a cost."""
    scores = random_scores(method)
    for need in method.needs:
        empty: Any = {} if need.name == Need.ANCHORS.name else None
        yield from _missed(method, hyper, replace(scores, **{f"_{need.name}": empty}), f"Need '{need.name}'")
    for column in method.column_names:
        rest = {name: values for name, values in scores._column.items() if name != column}
        yield from _missed(method, hyper, replace(scores, _column=rest), f"Column '{column}'")
    for name in method.token_weights:
        rest = {other: weights for other, weights in scores._token_weights.items() if other != name}
        yield from _missed(method, hyper, replace(scores, _token_weights=rest), f"token weights '{name}'")
    if method.head is not None:
        yield from _missed(method, hyper, replace(scores, _head=None), "head")
    if method.carried is not None:
        yield from _missed(method, hyper, replace(scores, _carried={}), "carried numbers")


def _missed(method: Method, hyper: Any, without: Scores, what: str) -> Iterator[Breach]:
    try:
        method.loss(without, hyper)
    except UndeclaredInputError:
        return
    yield Breach(f"the loss to read the declared {what}", "that it does not", "leave it out of METHOD, or read it")


def refused_candidates(method: Method, hyper: Any) -> Iterator[Breach]:
    """A loss refuses numbers of candidates that it has no meaning for, instead of taking the first two.

    One that reads roles never sees another number, since the candidates are taken by their roles.
    """
    if method.roles:
        return
    for candidates in sorted(set(REFUSED.get(method.candidates, ())) - set(accepted_candidates(method))):
        try:
            method.loss(random_scores(method, candidates=candidates), hyper)
        except ValueError as error:
            if f"K = {candidates}" in str(error):
                continue
            observed = f"ValueError: {error}"
        else:
            observed = "a loss"
        takes = "pairs" if method.candidates is Candidates.PAIR else "two candidates or more"
        yield Breach(
            f"a ValueError that names 'K = {candidates}', since the method takes {takes}",
            observed,
            "split with core.scores.pair, which refuses all but pairs, or check scores.policy.token.shape[1]",
        )
