"""What a recipe's `online` section asks that cannot be had, and where it contradicts the method; all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench import inputs, oracles, samplers, selectors, shaping
from benchbench.core.errors import BenchError, Fault
from benchbench.core.method import Candidates, Method, Need
from benchbench.core.rollout import DATA
from benchbench.core.sampler import POLICY, REFERENCE
from benchbench.core.selector import Selector
from benchbench.plan.checks.drawn_labels import label_column_faults, oracle_faults
from benchbench.plan.checks.drawn_lists import list_faults
from benchbench.plan.checks.drawn_settings import (
    length_faults,
    reference_faults,
    size_faults,
    unread_faults,
)
from benchbench.plan.checks.on_policy import choice_faults, drawing_faults
from benchbench.plan.checks.shapings import objectives_fault, reads_labels, shaping_faults
from benchbench.plan.checks.tools import longest_response
from benchbench.plan.online import drawing_models, read_models
from benchbench.recipe.anchors import anchor_faults
from benchbench.recipe.binding import bind
from benchbench.recipe.load import Loaded
from benchbench.recipe.online import OnlineSection, PromptSplit, draws_rows, prompts_split
from benchbench.recipe.schema import SFT, Recipe
from benchbench.store.prepared import PreparedData

_ROOMS = {"sampler": samplers, "oracle": oracles, "selector": selectors, "shaping": shaping}
_IN_MEMORY = frozenset({POLICY, REFERENCE, "reward_model"})
"""Models that a preference stage has in memory."""


def bind_online(recipe: Recipe) -> tuple[dict[str, Any], list[Fault]]:
    """Dotted key -> bound options of each exhibit of the section, and every fault of their names and options."""
    bound: dict[str, Any] = {}
    faults: list[Fault] = []
    for part, room in _ROOMS.items() if recipe.online is not None else ():
        section = getattr(recipe.online, part)
        if section is None:
            continue
        where = f"online.{part}"
        try:
            exhibit = room.get(section.name)
        except BenchError as error:
            faults.append(Fault(f"{where}.name", str(error)))
            continue
        options, wrong = bind(exhibit.options, section.options, where=f"{where}.options")
        faults += wrong
        if options is not None:
            bound[f"{where}.options"] = options
    return bound, faults


def online_faults(recipe: Recipe, method: Method | None, hyper: Any, bound: dict[str, Any]) -> list[Fault]:
    """Contradictions between the section and the rest of the recipe; every name of the section is known.

    Args:
        recipe: the whole.
        method: of the recipe; none where its result is a reward model.
        hyper: the method's, bound.
        bound: of `bind_online`.
    """
    section = recipe.online
    if section is None:
        return []
    if method is not None and method.name == SFT:  # a row of a comparison; as of `preference`, nothing of it is read
        return []
    if method is None or recipe.preference is None:
        return [Fault("online", f"'{recipe.method.name}' draws nothing while it is trained; remove the section")]
    if recipe.rounds is not None and draws_rows(section, method):
        why = f"a round's rows are drawn before it, and '{method.name}' reads no draws beside them"
        return [Fault("online", f"expected rounds or online, got both; {why}")]
    faults = [*_sampler_faults(section, method, bound), *_prompt_faults(recipe, section)]
    faults += [*_oracle_faults(recipe, section, method), *_list_faults(section, method, hyper, bound)]
    faults += [*shaping_faults(section, method, hyper, bound), *objectives_fault(section)]
    if REFERENCE in read_models(section, method, bound["online.sampler.options"]):
        faults += anchor_faults(recipe, method.name)
        faults += reference_faults(recipe, section, drawing_models(section.sampler, bound["online.sampler.options"]))
    if not draws_rows(section, method):
        return faults + [*_beside_faults(section, method)]
    return faults + [
        *_row_faults(recipe, section, method, bound),
        *_reuse_faults(section, method),
        *size_faults(section, hyper),
    ]


def online_data_faults(loaded: Loaded, data: PreparedData, context_tokens: int | None) -> list[Fault]:
    """Columns that the oracle reads and the prompts lack, and responses that the model has no room for."""
    recipe = loaded.recipe
    section = recipe.online
    if section is None or recipe.preference is None:
        return []
    faults: list[Fault] = []
    split = prompts_split(section, recipe.preference.split)
    for column in oracles.get(section.oracle.name).columns if section.oracle is not None else ():
        if split in data.shapes and column not in data.shapes[split].columns:
            faults.append(Fault("online.oracle.name", f"reads column '{column}', which split '{split}' does not have"))
    return faults + [*length_faults(recipe, section, context_tokens, longest_response(loaded))]


def _sampler_faults(section: OnlineSection, method: Method, bound: dict[str, Any]) -> Iterator[Fault]:
    sampler, where = section.sampler, "online.sampler"
    assert sampler.num_samples is not None, "checked with the recipe"
    options, opponent = bound["online.sampler.options"], ""
    if section.selector is not None:
        opponent = selectors.get(section.selector.name).opponent(bound["online.selector.options"])
    models = drawing_models(sampler, options)
    if samplers.get(sampler.name).search is not None:
        yield Fault(f"{where}.name", f"'{sampler.name}' searches over steps, which is offered in rounds alone")
    use = samplers.get(sampler.name).tool_use
    if use is not None and not use(options).mask_observations:
        message = "expected true: what a tool writes is scored in rounds alone, as a control; got false"
        yield Fault(f"{where}.options.mask_observations", message)
    arms = samplers.get(sampler.name).arms(options, sampler.num_samples)
    if strange := sorted(models - {POLICY, REFERENCE}):
        wanted = f"a sampler of the policy or the reference in memory, such as {POLICY}"
        yield Fault(f"{where}.name", f"expected {wanted}; '{sampler.name}' draws from {', '.join(strange)}")
    yield from drawing_faults(method, "online", sampler, arms, opponent=opponent)
    if any(arm.instructions for arm in arms):
        yield Fault("online.sampler.name", f"'{sampler.name}' draws behind instructions, which rounds alone do")
    least = 2 if method.need(Need.FRESH.name) else method.fewest_candidates
    if section.selector is None and DATA not in models and (drawn := sum(arm.samples for arm in arms)) < least:
        message = f"'{method.name}' compares the responses to one prompt: expected {least} or more, got {drawn}"
        yield Fault(f"{where}.num_samples", message)


def _list_faults(section: OnlineSection, method: Method, hyper: Any, bound: dict[str, Any]) -> Iterator[Fault]:
    if section.selector is None or not draws_rows(section, method) or method.candidates is Candidates.LABELLED:
        return  # the last is refused whatever the selector is
    selector, options = selectors.get(section.selector.name), bound["online.selector.options"]
    arms = samplers.get(section.sampler.name).arms(bound["online.sampler.options"], section.sampler.num_samples or 0)
    yield from list_faults(method, hyper, selector, options, arms, section="online")


def _prompt_faults(recipe: Recipe, section: OnlineSection) -> Iterator[Fault]:
    assert recipe.preference is not None
    where, split = "online.prompts", recipe.preference.split
    if isinstance(section.prompts, PromptSplit):
        where, split = "online.prompts.split", section.prompts.split
    measured = {"score.split": recipe.score.split}
    if recipe.generate is not None:
        measured["generate.split"] = recipe.generate.split
    if keys := [key for key, value in measured.items() if value == split]:
        yield Fault(where, f"'{split}' is what {' and '.join(keys)} measures on; train on prompts of another split")


def _oracle_faults(recipe: Recipe, section: OnlineSection, method: Method) -> Iterator[Fault]:
    if section.oracle is None:
        return
    oracle, where = oracles.get(section.oracle.name), "online.oracle.name"
    read = _is_read(section, method)
    yield from oracle_faults(recipe, oracle, section.sampler, read=read, section="online")
    if strange := sorted(oracle.models - _IN_MEMORY):
        yield Fault(where, f"'{oracle.name}' reads {', '.join(strange)}, which a single training does not have")
    if oracle.writes:
        yield Fault(where, f"'{oracle.name}' has the policy write texts, which is not offered while it is trained")


def _is_read(section: OnlineSection, method: Method) -> bool:
    selected = section.selector is not None and selectors.get(section.selector.name).needs_labels
    read = selected or reads_labels(section) or method.need(Need.REWARD.name) is not None
    return draws_rows(section, method) and read


def _beside_faults(section: OnlineSection, method: Method) -> Iterator[Fault]:
    """What is said of rows, where draws only stand beside those of the split."""
    if section.selector is not None:
        message = f"expected none: '{method.name}' is trained on the split's rows, and reads every draw beside them"
        yield Fault("online.selector", message)
    for name in ("steps_per_generation", "num_iterations"):
        if (value := getattr(section, name)) != 1:
            yield Fault(f"online.{name}", f"expected 1: '{method.name}' reads draws of the step at hand, got {value}")


def _row_faults(recipe: Recipe, section: OnlineSection, method: Method, bound: dict[str, Any]) -> Iterator[Fault]:
    """What cannot be had for rows that nobody knew before."""
    assert recipe.preference is not None
    selector = None if section.selector is None else selectors.get(section.selector.name)
    oracle = None if section.oracle is None else oracles.get(section.oracle.name)
    gives = "nothing" if oracle is None else oracle.gives
    yield from _selector_faults(section, method, selector, bound)
    if selector is not None and oracle is not None:
        yield from label_column_faults("online", selector, bound["online.selector.options"], oracle)
    labelled = gives != "nothing"
    if method.need(Need.REWARD.name) is not None and not labelled:
        yield Fault("online.oracle", f"required, not given: '{method.name}' needs a reward of each drawn response")
    for need in method.needs:
        if inputs.get(need.name).drawn is None:
            yield Fault("method.name", f"'{method.name}' reads '{need.name}', which drawn rows do not have")
    for part, value in {"roles": method.roles, "token weights": method.token_weights}.items():
        if value:
            yield Fault("method.name", f"'{method.name}' reads {part}, which drawn rows do not have")
    if method.scored == "all" or (method.carried is not None and method.carried.per_example):
        yield Fault("method.name", f"'{method.name}' needs more of an example than responses drawn at each step")
    if method.head is not None and method.head.reads == "reference":
        yield Fault("method.name", f"'{method.name}' has a head on the reference's states, not offered for drawn rows")
    columns = set(method.column_names) - set(() if selector is None else selector.columns_by(gives))
    for column in sorted(columns):
        yield Fault("method.name", f"'{method.name}' reads column '{column}', which no part of the section makes")
    split = recipe.preference.split
    if isinstance(section.prompts, PromptSplit) and section.prompts.split != split:
        expected = f"expected {split}, as preference.split: '{method.name}' is trained on what is drawn alone"
        yield Fault("online.prompts.split", f"{expected}, got {section.prompts.split}")
    yield from unread_faults(recipe)


def _selector_faults(
    section: OnlineSection, method: Method, selector: Selector | None, bound: dict[str, Any]
) -> Iterator[Fault]:
    if method.candidates is Candidates.LABELLED:
        yield Fault("method.name", f"'{method.name}' takes single responses with labels, which rounds can make")
        return
    if selector is None:
        if method.candidates is not Candidates.ANY:
            message = f"required, not given: '{method.name}' takes {method.candidates.value} and not all responses"
            yield Fault("online.selector", message)
        return
    options = bound["online.selector.options"]
    yield from choice_faults(method, "online", selector, options)
    labelled = section.oracle is not None and oracles.get(section.oracle.name).gives != "nothing"
    if selector.needs_labels and not labelled:
        yield Fault("online.oracle", f"required, not given: selector '{selector.name}' reads labels")
    if selector.needs_data(options):
        yield Fault("online.selector.name", f"'{selector.name}' reads the split's candidates, which are not drawn")


def _reuse_faults(section: OnlineSection, method: Method) -> Iterator[Fault]:
    if section.steps_between_draws > 1 and method.need(Need.BEHAVIOUR.name) is None:
        larger = "num_iterations" if section.num_iterations > 1 else "steps_per_generation"
        message = f"expected 1: '{method.name}' does not read the policy that drew its rows"
        yield Fault(f"online.{larger}", f"{message}, got {getattr(section, larger)}")
