"""The graph of a plan: stages in an order in which they can run, and the cells they make up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchbench import inputs, stages
from benchbench.core.data_ref import DataRef
from benchbench.core.hashing import fingerprint
from benchbench.core.records import StageSpec
from benchbench.recipe.load import Loaded

DATA = "data"
"""Input whose stage makes the examples that another one reads."""


@dataclass(frozen=True)
class RoundKeys:
    """Keys of the stages of one round of a cell."""

    number: int
    """From 1."""
    rollout: str
    label: str | None
    """None where no oracle is asked."""
    select: str
    policy: str
    """The stage that leaves the round's policy."""
    score: str | None = None
    """Held-out score of that policy; none where only the last one is scored."""
    generate: str | None = None
    """Its own responses; none where it draws none."""
    opponent: str | None = None
    """Responses of the policy that the first round starts from, which these are judged against."""
    verdicts: str | None = None
    """Verdicts on these against the opponent's; none where nobody judges them."""
    auxiliary: str | None = None
    """The stage that leaves the auxiliary policy; none where the round has one fit."""

    @property
    def trained(self) -> tuple[str, ...]:
        """Keys of the stages that train, in order."""
        return (self.policy,) if self.auxiliary is None else (self.auxiliary, self.policy)

    @property
    def stages(self) -> dict[str, str | None]:
        """Role -> stage key."""
        keys = {"rollout": self.rollout, "label": self.label, "select": self.select, "policy": self.policy}
        keys |= {"score": self.score, "generate": self.generate, "verdicts": self.verdicts}
        keys |= {} if self.auxiliary is None else {"auxiliary": self.auxiliary}
        return {f"round {self.number} {role}": key for role, key in keys.items()}


@dataclass(frozen=True)
class EarlierTraining:
    """The training of another recipe, whose policy one goes on from."""

    loaded: Loaded
    seed: int
    policy: str
    """Key of the stage that leaves the policy."""
    data: str
    """Key of its prepared data."""
    rounds: tuple[RoundKeys, ...] = ()
    """The rounds of training, in order."""
    earlier: EarlierTraining | None = None
    """The training that this one goes on from; none where it starts from the SFT policy."""


@dataclass(frozen=True)
class Cell:
    """One seed of one recipe, as the stages it is made of."""

    loaded: Loaded
    seed: int
    policy: str | None
    """Key of the stage that leaves the policy; none where it is the base model as it is."""
    score: str
    """Key of the held-out score of the policy."""
    reference: str
    """Key of the held-out score of the setting's SFT policy (the base model's where there is no SFT)."""
    reward: str | None
    """Key of the held-out rewards; none where no method of the plan has a reward model."""
    data: str
    """Key of the prepared data that is scored."""
    generate: str | None = None
    """Key of the policy's own responses; none where the recipe draws none."""
    answered: str = ""
    """Key of the prompt set that the responses are to; empty where it is the recipe's own split."""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    """Opponent (a label, or `chosen` for the data's preferred responses) -> key of the verdicts."""
    rounds: tuple[RoundKeys, ...] = ()
    """The rounds of training, in order; empty where the recipe trains on a split as it is."""
    earlier: EarlierTraining | None = None
    """The training that the policy's own goes on from; none where it starts from the SFT policy."""

    @property
    def trainings(self) -> tuple[Cell | EarlierTraining, ...]:
        """Its own training, then those that it goes on from in turn, the nearest first."""
        every: list[Cell | EarlierTraining] = [self]
        while (earlier := every[-1].earlier) is not None:
            every.append(earlier)
        return tuple(every)

    @property
    def stages(self) -> dict[str, str | None]:
        """Role -> stage key."""
        roles = {"policy": self.policy, "score": self.score, "reference": self.reference, "reward": self.reward}
        to = f" to prompts {self.answered}" if self.answered else ""
        verdicts = {f"verdicts against {opponent}{to}": key for opponent, key in self.verdicts.items()}
        of_rounds = {role: key for each in self.rounds for role, key in each.stages.items()}
        return roles | {f"generate{to}": self.generate} | verdicts | of_rounds


@dataclass
class Plan:
    """Stages in an order in which they can run, and the cells they make up."""

    stages: dict[str, StageSpec] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    _known: dict[tuple[Callable[[StageSpec], Mapping[str, Any]], str], str] = field(
        default_factory=dict, repr=False, compare=False
    )
    """(what was asked of the stages, key) -> the identity that came of it."""

    def add(self, spec: StageSpec) -> str:
        """Add a stage once; equal stages of different methods are the same stage.

        Raises:
            ValueError: an input that this kind of stage does not take, or data that are made by another stage than
                its `data` input.
        """
        _check_inputs(spec)
        self.stages.setdefault(spec.key, spec)
        return spec.key

    def closure(self, cell: Cell) -> list[str]:
        """Keys of every stage that a cell rests on, its own included."""
        return self.under(key for key in cell.stages.values() if key is not None)

    def under(self, keys: Iterable[str]) -> list[str]:
        """Keys of these stages and of every stage that they rest on."""
        needed: list[str] = []
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in needed:
                needed.append(key)
                todo += self.stages[key].inputs.values()
        return needed

    def identity_by(self, key: str, values: Callable[[StageSpec], Mapping[str, Any]]) -> str:
        """Fingerprint of what `values` says of a stage, of its kind, and of the same of its inputs.

        Each stage is looked at once, however many rest on it: in rounds the ways to the first stage double in each.
        """
        known = self._known.get((values, key))
        if known is None:
            spec = self.stages[key]
            inputs = {name: self.identity_by(needed, values) for name, needed in spec.inputs.items()}
            known = self._known[values, key] = fingerprint({"kind": spec.kind, **values(spec), "inputs": inputs})
        return known

    def unfinished(self, is_done: Callable[[str], bool]) -> list[Cell]:
        """Cells of which a stage is not finished."""
        return [cell for cell in self.cells if not all(is_done(key) for key in cell.stages.values() if key is not None)]


def policy_input(policy: str | None) -> dict[str, str]:
    """The `policy` input of a stage; none where the policy is the base model as it is."""
    return {} if policy is None else {"policy": policy}


def data_input(data: DataRef) -> dict[str, str]:
    """The `data` input of a stage whose examples another stage makes; none where they were prepared."""
    return {} if data.made_by is None else {DATA: data.made_by}


def _check_inputs(spec: StageSpec) -> None:
    kind = stages.settings_class(spec.kind)
    extra: Iterable[str] = inputs.names() if kind.TAKES_NEEDS else ()
    prefixes = tuple(prefix for need in extra if (prefix := inputs.get(need).prefix))
    for name, key in spec.inputs.items():
        allowed = kind.INPUTS.get(name, ())
        if name not in kind.INPUTS and name != DATA and name not in extra and not name.startswith(prefixes):
            raise ValueError(f"{spec.title}: a {spec.kind} stage takes no input '{name}'")
        if allowed and key.partition("/")[0] not in allowed:
            raise ValueError(f"{spec.title}: expected input '{name}' of kind {' or '.join(allowed)}, got {key}")
    made_by = spec.settings.data.made_by
    if spec.inputs.get(DATA) != made_by:
        raise ValueError(f"{spec.title}: expected the input '{DATA}' to be {made_by}, got {spec.inputs.get(DATA)}")
