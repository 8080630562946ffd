"""Whether a method can be trained on what a selector makes of draws: how many responses, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchbench.core.errors import Fault
from benchbench.core.method import Candidates, Method
from benchbench.core.rollout import DATA
from benchbench.core.sampler import Arm
from benchbench.core.selector import Selector


def list_faults(
    method: Method, hyper: Any, selector: Selector, options: Any, arms: Sequence[Arm], *, section: str
) -> Iterator[Fault]:
    """Rows without an order for a method that reads the first response, and rows of too few or of unequally many.

    Args:
        method: of the recipe.
        hyper: the method's, bound; none where it is faulty, which is said already.
        selector: that makes its rows.
        options: the selector's, bound.
        arms: of the sampler.
        section: `rounds` or `online`, for messages.
    """
    where, named = f"{section}.selector", f"'{selector.name}'"
    if method.candidates is Candidates.ONE and selector.candidates is Candidates.ANY:
        message = f"'{method.name}' is trained on the first response, and {named} puts none before the others"
        yield Fault(
            f"{where}.name", f"{message}; take a selector of pairs, such as best_worst, whose first is the best"
        )
        return
    if method.candidates is Candidates.ANY and selector.candidates is Candidates.ONE:
        yield Fault(f"{where}.name", f"'{method.name}' compares responses, and {named} makes rows of one response")
        return
    yield from _arm_faults(selector, options, arms, section)
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


def _arm_faults(selector: Selector, options: Any, arms: Sequence[Arm], section: str) -> Iterator[Fault]:
    """Responses of one source where the selector compares those of several, or of none that is the opponent."""
    names, least, opponent = [arm.source for arm in arms], selector.fewest_arms(options), selector.opponent(options)
    if opponent and opponent not in names:
        message = f"expected an arm of the sampler ({', '.join(names)}), got '{opponent}'"
        yield Fault(f"{section}.selector.options.opponent", message)
    elif len(names) < least:
        compares = f"'{selector.name}' compares responses of {least} arms"
        yield Fault(f"{section}.sampler.name", f"{compares}, found {', '.join(names)}; take policy_and_reference")
