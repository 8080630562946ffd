"""Whether a method can be trained on what a selector makes of draws: which rows, how many responses, who drew them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench import selectors
from benchbench.core.errors import Fault
from benchbench.core.method import Candidates, Method
from benchbench.core.rollout import DATA
from benchbench.core.sampler import Arm
from benchbench.core.selector import Selector

_FITTING = {
    Candidates.ONE: (Candidates.ONE, Candidates.PAIR),
    Candidates.PAIR: (Candidates.PAIR,),
    Candidates.ANY: (Candidates.PAIR, Candidates.ANY),
    Candidates.LABELLED: (Candidates.LABELLED,),
}
"""What a method takes -> what the rows of a selector may be."""
_TAKES = {
    Candidates.ONE: "is trained on the first response, the preferred one",
    Candidates.PAIR: "takes pairs",
    Candidates.ANY: "compares the responses to one prompt",
    Candidates.LABELLED: "takes single responses with labels",
}
_MAKES = {
    Candidates.ONE: "rows of one response",
    Candidates.PAIR: "pairs",
    Candidates.ANY: "lists that put none before the others",
    Candidates.LABELLED: "single responses with labels",
}


def list_faults(
    method: Method,
    hyper: Any,
    selector: Selector,
    options: Any,
    arms: Sequence[Arm],
    *,
    section: str,
    further_names: Mapping[str, str] | None = None,
) -> Iterator[Fault]:
    """Rows of another kind than the method takes, and rows of too few, of unequally many or of others' responses.

    Args:
        method: of the recipe.
        hyper: the method's, bound; none where it is faulty, which is said already.
        selector: that makes its rows.
        options: the selector's, bound.
        arms: of the sampler.
        section: `rounds` or `online`, for messages.
        further_names: name -> column of the selector that rows have under this name too.
    """
    where, named = f"{section}.selector", f"'{selector.name}'"
    yield from arm_faults(selector, options, arms, section)
    yield from _drawn_by_faults(method, selector, arms, section, further_names or {})
    if selector.candidates not in (fitting := _FITTING[method.candidates]):
        takes, makes = _TAKES[method.candidates], _MAKES[selector.candidates]
        others = ", ".join(name for name in selectors.names() if selectors.get(name).candidates in fitting)
        yield Fault(f"{where}.name", f"'{method.name}' {takes}, {named} makes {makes}; expected one of {others}")
        return
    fewest, drawn = selector.fewest(options), sum(arm.samples for arm in arms)
    is_list = method.candidates is Candidates.ANY and selector.candidates is Candidates.ANY
    if is_list and fewest < method.fewest_candidates:
        compares = f"'{method.name}' compares the responses to one prompt"
        message = f"expected {method.fewest_candidates} or more, got {fewest}: {compares}"
        yield Fault(f"{where}.options.at_least", message)
    if selector.needs_data(options) or any(arm.source == DATA for arm in arms):
        return
    if drawn < (least := max(fewest, method.fewest_candidates)):
        message = f"expected {least} or more, got {drawn}: {named} makes no row of fewer responses for '{method.name}'"
        yield Fault(f"{section}.sampler.num_samples", message)
    elif is_list and hyper is not None and method.is_coupled(hyper) and fewest != drawn:
        together = f"'{method.name}' compares the examples of a step with each other, which need equally many responses"
        yield Fault(f"{where}.options.at_least", f"expected {drawn}, all that are drawn, got {fewest}: {together}")


def arm_faults(selector: Selector, options: Any, arms: Sequence[Arm], section: str) -> Iterator[Fault]:
    """Responses of one source where the selector compares those of several, or of none that is the opponent.

    Args:
        selector: that makes rows of them.
        options: the selector's, bound.
        arms: of the sampler.
        section: key of the section, for messages.
    """
    names, least, opponent = [arm.source for arm in arms], selector.fewest_arms(options), selector.opponent(options)
    if opponent and opponent not in names:
        message = f"expected an arm of the sampler ({', '.join(names)}), got '{opponent}'"
        yield Fault(f"{section}.selector.options.opponent", message)
    elif len(names) < least:
        compares = f"'{selector.name}' compares responses of {least} arms"
        yield Fault(f"{section}.sampler.name", f"{compares}, found {', '.join(names)}; take policy_and_reference")


def _drawn_by_faults(
    method: Method, selector: Selector, arms: Sequence[Arm], section: str, further_names: Mapping[str, str]
) -> Iterator[Fault]:
    """Columns that the method reads, of responses of an arm that the sampler does not have: they would all be 0."""
    names = [arm.source for arm in arms]
    for column in method.column_names:
        arm = selector.drawn_by.get(further_names.get(column, column))
        if arm is not None and arm not in names:
            reads = f"'{method.name}' reads column '{column}', which marks the responses of arm '{arm}'"
            yield Fault(f"{section}.sampler.name", f"{reads}; expected a sampler with that arm, got {', '.join(names)}")
