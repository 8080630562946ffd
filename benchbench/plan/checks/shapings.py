"""What a shaping of drawn responses asks of a recipe: signals that it reads, and a loss that reads what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench import oracles, selectors, shaping
from benchbench.core.errors import Fault
from benchbench.core.method import Method, Need
from benchbench.core.shaping import Shaping
from benchbench.recipe.online import OnlineSection, draws_rows

_NAME, _OPTIONS, _GUIDE = "online.shaping.name", "online.shaping.options", "online.shaping.guide"


def shaping_faults(section: OnlineSection, method: Method, hyper: Any, bound: dict[str, Any]) -> Iterator[Fault]:
    """A shaping whose result nothing reads, or that reads what nothing gives.

    Args:
        section: of the recipe.
        method: of the recipe.
        hyper: the method's, bound; none where it is faulty, which is said already.
        bound: of `checks.online.bind_online`.
    """
    if section.shaping is None:
        return
    exhibit = shaping.get(section.shaping.name)
    if not draws_rows(section, method):
        message = f"expected none: '{method.name}' is trained on the split's rows, and reads no label of a draw"
        yield Fault("online.shaping", message)
        return
    yield from _reader_faults(section, exhibit, method, hyper)
    yield from _label_faults(section, exhibit, bound)
    yield from _token_faults(section, exhibit, method)


def objectives_fault(section: OnlineSection) -> Iterator[Fault]:
    """An oracle of several rewards, of which nothing would read more than their sum."""
    if section.oracle is None or oracles.get(section.oracle.name).objectives is None:
        return
    if section.shaping is None or "objectives" not in shaping.get(section.shaping.name).needs:
        readers = [name for name in shaping.names() if "objectives" in shaping.get(name).needs]
        message = f"'{section.oracle.name}' gives several rewards of each response, which nothing reads one by one"
        yield Fault("online.oracle.name", f"{message}; add online.shaping with one of {', '.join(readers)}")


def reads_labels(section: OnlineSection) -> bool:
    """Whether the section's shaping reads what the oracle says."""
    if section.shaping is None:
        return False
    exhibit = shaping.get(section.shaping.name)
    return bool(exhibit.columns or exhibit.needs & {"rewards", "objectives", "wins"})


def _reader_faults(section: OnlineSection, exhibit: Shaping, method: Method, hyper: Any) -> Iterator[Fault]:
    """A result that the method does not read, and hyper-parameters that it does not read beside one that it does."""
    named = f"'{exhibit.name}' gives {exhibit.gives.replace('_', ' ')}"
    if exhibit.gives == "rewards":
        selected = section.selector is not None and selectors.get(section.selector.name).needs_labels
        if method.need(Need.REWARD.name) is None and not selected:
            yield Fault(_NAME, f"{named}, which neither '{method.name}' nor a selector reads; remove it")
        return
    if exhibit.gives not in method.shaped:
        has_reward = method.need(Need.REWARD.name) is not None
        able = [*(["rewards"] if has_reward else []), *(each.replace("_", " ") for each in method.shaped)]
        yield Fault(_NAME, f"{named}, which '{method.name}' does not read; it reads {', '.join(able) or 'none'}")
        return
    for name, value in method.shaped[exhibit.gives].items():
        if hyper is not None and (present := getattr(hyper, name)) != value:
            message = f"expected {value}: {named}, so nothing reads another value; got {present}"
            yield Fault(f"method.hyper.{name}", message)


def _label_faults(section: OnlineSection, exhibit: Shaping, bound: dict[str, Any]) -> Iterator[Fault]:
    """Labels that the shaping reads and the oracle does not give."""
    oracle = None if section.oracle is None else oracles.get(section.oracle.name)
    if reads_labels(section) and (oracle is None or oracle.gives == "nothing"):
        yield Fault("online.oracle", f"required, not given: shaping '{exhibit.name}' reads labels")
        return
    if oracle is None:
        return
    for column in exhibit.columns:
        if column not in oracle.makes_columns:
            making = [name for name in oracles.names() if column in oracles.get(name).makes_columns]
            message = f"'{exhibit.name}' reads the label column '{column}', which oracle '{oracle.name}' does not make"
            hint = f"oracles that make it: {', '.join(making)}" if making else "no oracle makes it"
            yield Fault(_NAME, f"{message}; {hint}")
    if "objectives" not in exhibit.needs:
        return
    if oracle.objectives is None:
        several = ", ".join(name for name in oracles.names() if oracles.get(name).objectives is not None)
        message = f"'{exhibit.name}' reads several rewards of each response, '{oracle.name}' gives one"
        yield Fault("online.oracle.name", f"{message}; expected one of {several}")
        return
    names, wanted = oracle.objectives(bound["online.oracle.options"]), exhibit.objectives(bound[_OPTIONS])
    if wanted is not None and wanted != len(names):
        message = f"expected numbers for {len(names)} rewards ({', '.join(names)}), got {wanted}"
        yield Fault(_OPTIONS, message)


def _token_faults(section: OnlineSection, exhibit: Shaping, method: Method) -> Iterator[Fault]:
    """Numbers of tokens that the shaping reads and no model in memory gives."""
    assert section.shaping is not None
    if "guide" in exhibit.needs and section.shaping.guide is None:
        message = f"required, not given: '{exhibit.name}' reads a further policy"
        yield Fault(_GUIDE, f"{message}; name the recipe that trains it, such as dpo")
    if "guide" not in exhibit.needs and section.shaping.guide is not None:
        yield Fault(_GUIDE, f"'{exhibit.name}' reads no further policy; remove it")
    if "values" in exhibit.needs and method.need(Need.VALUE.name) is None:
        yield Fault(_NAME, f"'{exhibit.name}' reads a critic's values, and '{method.name}' has none; take ppo")
    if "token_rewards" in exhibit.needs:
        message = f"'{exhibit.name}' reads rewards of tokens, which no part of the section makes"
        yield Fault(_NAME, f"{message}; choose another shaping")
