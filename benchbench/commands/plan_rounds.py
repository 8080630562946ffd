"""Rounds in a plan that is shown: folded to one row per cell, with the responses to draw and the labels to ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchbench import oracles, samplers
from benchbench.core.rollout import DATA
from benchbench.plan.graph import Cell, EarlierTraining, Plan, RoundKeys
from benchbench.plan.rounds import SAMPLER_OPTIONS
from benchbench.store.runs import RunStore

FINISHED = "finished"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class PlannedRounds:
    """The rounds of one cell."""

    label: str
    seed: int
    rounds: int
    stages: str
    """Kinds of a round's stages, in their order."""
    keys: tuple[str, ...]
    """Of all their stages."""
    responses: int
    """To draw in rollouts that are not finished; of a search the steps, at most."""
    labels: int
    """Answers of the oracle that are asked for at most where labels are not finished; identical responses cost none."""
    is_search: bool = False
    """Whether the responses are steps of searches, which draw as many as it takes."""

    @property
    def title(self) -> str:
        """The rounds in one line."""
        rounds = "1 round" if self.rounds == 1 else f"{self.rounds} rounds"
        return f"{self.label} seed {self.seed}: {rounds} of {self.stages}"

    @property
    def costs(self) -> str:
        """What is still to be drawn and asked for."""
        responses = f"{'at most ' if self.is_search else ''}{self.responses:,} responses to draw"
        return f"{self.label} seed {self.seed}: {responses}, {self.labels:,} labels to ask for"

    def as_values(self) -> dict[str, Any]:
        """Plain values for a program."""
        return asdict(self) | {"keys": list(self.keys)}


def planned_rounds(plan: Plan, store: RunStore) -> list[PlannedRounds]:
    """The rounds of every training that has some; what trainings share is counted for the first of them alone."""
    counted: set[str] = set()
    trained: set[str | None] = set()
    planned: list[PlannedRounds] = []
    for cell in (training for each in plan.cells for training in each.trainings):
        if not cell.rounds or cell.policy in trained:
            continue
        trained.add(cell.policy)
        per_prompt, per_group = _counts(cell)
        left = {key for each in cell.rounds for key in (each.rollout, each.label) if key and not store.is_done(key)}
        left -= counted
        counted |= left
        prompts = {key: plan.stages[key].settings.prompts.answered for each in cell.rounds for key in [each.rollout]}
        responses = sum(prompts[each.rollout] * per_prompt for each in cell.rounds if each.rollout in left)
        labels = sum(prompts[each.rollout] * per_group for each in cell.rounds if each.label in left)
        keys = tuple(dict.fromkeys(key for each in cell.rounds for key in _keys(plan, each)))
        stages = _stages(plan, cell.rounds[0])
        planned.append(
            PlannedRounds(
                cell.loaded.label, cell.seed, len(cell.rounds), stages, keys, responses, labels, _searches(cell)
            )
        )
    return planned


def folded_rows(rows: Rows, planned: Sequence[PlannedRounds]) -> list[dict[str, Any]]:
    """Rows of a plan with one row in the place of all stages of a cell's rounds; as they are without rounds.

    Args:
        rows: `stage`, `kind`, `key`, `status` and `seconds`, as `plan_view.plan_rows` gives them.
        planned: of the plan.
    """
    by_key = {str(row["key"]): row for row in rows}
    first = {key: each for each in reversed(planned) for key in each.keys}
    folded: list[dict[str, Any]] = []
    for row in rows:
        each = first.get(str(row["key"]))
        if each is None:
            folded.append(dict(row))
        elif row["key"] == next(key for key in each.keys if first[key] is each):
            folded.append(_folded(each, [by_key[key] for key in each.keys if key in by_key and first[key] is each]))
    return folded


def _folded(each: PlannedRounds, rows: Rows) -> dict[str, Any]:
    done = sum(row["status"] == FINISHED for row in rows)
    seconds = [row["seconds"] for row in rows]
    return {
        "stage": each.title,
        "kind": "rounds",
        "key": None,
        "status": FINISHED if done == len(rows) else f"{done} of {len(rows)} finished" if done else "to run",
        "seconds": None if None in seconds else sum(seconds),
    }


def _keys(plan: Plan, each: RoundKeys) -> list[str]:
    """The stages of a round, the scores that its training reads among them."""
    keys: list[str | None] = [each.rollout, each.label, each.select]
    for trained in each.trained:
        keys += [key for key in plan.stages[trained].inputs.values() if _kind(key) in ("score", "reward")]
        keys.append(trained)
    return [key for key in dict.fromkeys(keys) if key is not None]


def _stages(plan: Plan, each: RoundKeys) -> str:
    kinds = [_kind(key) for key in _keys(plan, each)]
    return ", ".join(kind if kinds.count(kind) == 1 else f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def _kind(key: str) -> str:
    return key.partition("/")[0]


def _searches(cell: Cell | EarlierTraining) -> bool:
    section = cell.loaded.recipe.rounds
    return section is not None and samplers.get(section.sampler.name).search is not None


def _counts(cell: Cell | EarlierTraining) -> tuple[int, int]:
    """Responses that are drawn to each prompt, and answers that an oracle gives of each prompt's, both at most."""
    section = cell.loaded.recipe.rounds
    assert section is not None, "the cell has rounds"
    sampler = samplers.get(section.sampler.name)
    if sampler.search is not None:
        most = sampler.search(cell.loaded.bound[SAMPLER_OPTIONS]).most(section.sampler.num_samples or 0)
        return most, most
    arms = sampler.arms(cell.loaded.bound[SAMPLER_OPTIONS], section.sampler.num_samples or 0)
    drawn = sum(arm.samples for arm in arms if arm.source != DATA)
    shown = drawn + sum(arm.samples for arm in arms if arm.source == DATA)
    gives = oracles.get(section.oracle.name).gives
    return drawn, {"scores": shown, "wins": shown * (shown - 1) // 2}.get(gives, 0)
