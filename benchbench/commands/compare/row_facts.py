"""What every row of a comparison was made with, from its stages' settings and records: never assumed, else unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchbench import methods
from benchbench.commands.compare.tuning_budget import tuning_budget
from benchbench.core.hashing import fingerprint
from benchbench.core.records import StageRecord
from benchbench.plan.graph import Cell, Plan, RoundKeys
from benchbench.recipe.identity import own_transforms
from benchbench.recipe.load import Loaded
from benchbench.report.fairness import UNKNOWN, Fairness, fairness_of
from benchbench.store.results import ResultStore
from benchbench.store.runs import RunStore

MOVING = "live_reference"
"""Need of a reference in memory that follows the policy."""
NONE = "none"


def fairness(cells: Sequence[Cell], plan: Plan, store: RunStore, results: ResultStore, *, baseline: str) -> Fairness:
    """What differs between the rows of a comparison.

    Args:
        cells: finished cells.
        plan: their plan.
        store: where their records are.
        results: the folder that a log of tuning would be in.
        baseline: label whose values are shown first.
    """
    by_label: dict[str, list[Cell]] = {}
    for cell in cells:
        by_label.setdefault(cell.loaded.label, []).append(cell)
    rows = {label: _RowFacts(of_label, plan, store, results).values() for label, of_label in by_label.items()}
    return fairness_of(rows, baseline=baseline)


_OF_EACH_TRAINING = ("training data", "examples", "epochs", "updates", "batch size", "tokens seen")
"""Facts that a training has beside those of the trainings that it goes on from."""


@dataclass(frozen=True)
class _RowFacts:
    """The quantities of one row, over its seeds."""

    cells: Sequence[Cell]
    plan: Plan
    store: RunStore
    results: ResultStore

    @property
    def loaded(self) -> Loaded:
        """Its recipe."""
        return self.cells[0].loaded

    @property
    def main(self) -> list[str | None]:
        """[k] the stage that the row is of, of each seed."""
        return [cell.reward if self.loaded.recipe.is_reward_model else cell.policy for cell in self.cells]

    def values(self) -> dict[str, str]:
        """Quantity -> value; those of training are left out for a row that is where the others start."""
        kind = "reward_model" if self.loaded.recipe.is_reward_model else "preference"
        trained = [key for key in self._under(self.main) if _kind(key) == kind and self._is_of_row(key, kind)]
        of_training = self._all_trainings(kind, trained) | self._beside(kind, trained) if trained else {}
        return of_training | {"SFT": self._joined("sft")} | self._machine()

    def _is_of_row(self, key: str, kind: str) -> bool:
        """Whether a stage trains this row's own policy, and not another one that it reads."""
        return kind == "reward_model" or key in self.main

    def _all_trainings(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """What went into the training of the row, and into those that it goes on from."""
        rounds = [cell.rounds for cell in self.cells] if kind == "preference" else []
        facts = self._training(keys, self.loaded, rounds)
        for depth in range(1, len(self.cells[0].trainings)):
            earlier = [cell.trainings[depth] for cell in self.cells]
            policies = [each.policy for each in earlier if each.policy]
            before = self._training(policies, earlier[0].loaded, [each.rounds for each in earlier])
            name = earlier[0].loaded.label
            facts |= {fact: f"{facts[fact]}, after {name} with {before[fact]}" for fact in _OF_EACH_TRAINING}
        return facts

    def _training(
        self, keys: Sequence[str], loaded: Loaded, rounds: Sequence[Sequence[RoundKeys]] = ()
    ) -> dict[str, str]:
        """What went into a training of the row, in all of its rounds.

        Args:
            keys: the stage that ends it, of each seed.
            loaded: its recipe.
            rounds: those of each seed, if any.
        """
        settings = self.plan.stages[keys[0]].settings
        training, data = settings.training, settings.data
        transforms = [part for part in own_transforms(loaded.values()) if data.split in part["splits"]]
        maker = f", made by {', '.join(str(part['name']) for part in transforms)}" if transforms else ""
        epochs = _count(training.num_train_epochs, "epoch") if training.max_steps is None else "as many as updates give"
        adapters = f", {settings.lora.lora_dropout:g} in adapters" if settings.lora else ""
        chains = [[key for each in of_seed for key in each.trained] for of_seed in rounds if of_seed]
        chains = chains or [[key] for key in keys]
        after = _rounds(rounds[0], loaded) if rounds and rounds[0] else ""
        return {
            "training data": f"split {data.split} ({(data.hash or fingerprint(data.made_by))[:8]}{maker})",
            "examples": self._span(chains, lambda record: record.summary.get("examples")) + after,
            "epochs": epochs,
            "updates": self._span(chains, lambda record: record.summary.get("steps")) + after,
            "batch size": str(training.global_batch_size),
            "tokens seen": self._span(chains, lambda record: record.tokens or None) + after,
            "dropout": "off" if training.disable_dropout else f"on{adapters}",
            "precision": settings.model.dtype + (", bfloat16 autocast" if training.bf16 else ""),
        }

    def _beside(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """What else the row rests on, and how its values were chosen."""
        tuning = {"tuning": tuning_budget(self.loaded, self.results)}
        if kind == "reward_model":
            return tuning
        in_rounds = {*keys, *(key for cell in self.cells for each in cell.rounds for key in each.trained)}
        others = [key for key in self._under(self.main) if _kind(key) == "preference" and key not in in_rounds]
        titles = dict.fromkeys(self.plan.stages[key].title.partition(" seed ")[0] for key in others)
        return tuning | {
            "reference": self._reference(keys[0]),
            "reward model": self._joined("reward_model"),
            "other trained policies": ", ".join(titles) or NONE,
        }

    def _reference(self, key: str) -> str:
        """Whose log-probabilities the loss reads beside the policy's."""
        spec = self.plan.stages[key]
        names = []
        for name, needed in spec.inputs.items():
            if _kind(needed) != "score":
                continue
            anchor = self.plan.stages[needed]
            policy = anchor.inputs.get("policy")
            whose = "SFT policy" if policy and _kind(policy) == "sft" else "base model"
            if policy and _kind(policy) == "preference":
                whose = self.plan.stages[policy].title.partition(" seed ")[0]
            elif policy is None and anchor.settings.model.weights != spec.settings.model.weights:
                whose = f"weights {anchor.settings.model.weights[:8]}"
            names.append(whose if name == "reference" else f"{whose} as {name}")
        method = methods.get(self.loaded.recipe.method.name)
        names += ["one that follows the policy"] if method.need(MOVING) else []
        return ", ".join(names) or NONE

    def _joined(self, kind: str) -> str:
        """A further training stage in one value; `none` where the row rests on none of this kind."""
        keys = [key for key in self._under(self.main) if _kind(key) == kind]
        if not keys:
            return NONE
        of = self._training(keys, self.loaded)
        updates, examples, tokens = of["updates"], of["examples"], of["tokens seen"]
        models = len(keys) // len(self.cells)
        parts = [f"{models} models a seed"] if models > 1 else []
        parts += [of["training data"], of["epochs"], f"{updates} updates", f"batches of {of['batch size']}"]
        return ", ".join(
            [*parts, f"{examples} examples", f"{tokens} tokens", f"dropout {of['dropout']}", of["precision"]]
        )

    def _machine(self) -> dict[str, str]:
        """Hardware and versions of every stage that the row rests on, each a value of its own."""
        keys = [key for cell in self.cells for key in self.plan.closure(cell)]
        records = [self.store.record(key) for key in dict.fromkeys(keys)]
        places = [place for record in records for place in _environments(record)]
        packages = dict.fromkeys(name for place in places for name in place.get("packages", {}))
        versions = {name: _names(place.get("packages", {}).get(name) for place in places) for name in packages}
        return {
            "hardware": _names(_device(place) for place in places),
            "threads": _names(place.get("threads") for place in places),
            "processes of a stage": _names(place.get("world_size", 1) if place else None for place in places),
            "python": _names(place.get("python") for place in places),
            "CUDA": _names(place.get("cuda", UNKNOWN) or NONE for place in places),
            **versions,
        }

    def _under(self, keys: Iterable[str | None]) -> list[str]:
        return self.plan.under(key for key in keys if key is not None)

    def _span(self, chains: Sequence[Sequence[str]], number: Callable[[StageRecord], Any]) -> str:
        """One sum over the stages of a seed, or the smallest and the largest where seeds differ."""
        sums = set[int]()
        for keys in chains:
            records = [self.store.record(key) for key in keys]
            numbers = [value for record in records if record is not None and (value := number(record)) is not None]
            if len(numbers) < len(keys):
                return UNKNOWN
            sums.add(int(sum(numbers)))
        known = sorted(sums)
        if not known:
            return UNKNOWN
        return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"


def _rounds(rounds: Sequence[RoundKeys], loaded: Loaded) -> str:
    """How many rounds a number is of, and where each began if not where the one before it ended."""
    section = loaded.recipe.rounds
    start = "" if section is None or section.start == "previous" else f", each from {section.start}"
    return f" in {_count(len(rounds), 'round')}{start}"


def _environments(record: StageRecord | None) -> list[Mapping[str, Any]]:
    """Where a stage ran, all attempts that it goes on from; one empty place where nothing is recorded."""
    return [{}] if record is None else [record.environment, *record.resumed_environments]


def _device(place: Mapping[str, Any]) -> str | None:
    name, kind = place.get("device_name"), place.get("device_kind")
    return None if name is None or kind is None else f"{name} ({kind})"


def _names(values: Iterable[object]) -> str:
    """Every value, sorted; unknown as a whole where one of them is."""
    texts = {UNKNOWN if value is None else str(value) for value in values}
    return UNKNOWN if UNKNOWN in texts or not texts else " and ".join(sorted(texts))


def _kind(key: str) -> str:
    return key.partition("/")[0]


def _count(number: float, what: str) -> str:
    return f"{number:g} {what}{'' if number == 1 else 's'}"
