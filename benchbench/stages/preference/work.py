"""Drawing and labelling inside a training: what it came to so far, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchbench.batches.microbatches import Cost
from benchbench.core.rollout import Group, Labels, RolloutResponse
from benchbench.models.packing import packed_length
from benchbench.stages.preference.drawing import Drawer
from benchbench.stages.preference.labelling import Labeller
from benchbench.stages.preference.prompts import PolicyPrompt
from benchbench.stages.preference.shaper import Shaped, Shaper
from benchbench.training.ranks import ALONE, Ranks


@dataclass
class Work:
    """Everything that draws and labels; counts and seconds are those of all attempts of the stage together."""

    drawer: Drawer
    labeller: Labeller | None
    """None where nobody is asked."""
    anchor: Any = None
    """The frozen reference in memory; none where nothing reads it."""
    ranks: Ranks = ALONE
    """The processes of the training: the first draws and asks, and the others are given what came of it."""
    counts: dict[str, float] = field(default_factory=lambda: {"responses": 0.0, "tokens": 0.0, "labels": 0.0})
    seconds: dict[str, float] = field(default_factory=lambda: {"draw": 0.0, "label": 0.0})

    def groups(self, prompts: Sequence[PolicyPrompt], batch: int) -> list[Group]:
        """One group of responses for each prompt, as `Drawer.groups`."""
        began = time.monotonic()
        groups = self.ranks.from_first(lambda: self.drawer.groups(prompts, batch))
        self.seconds["draw"] += time.monotonic() - began
        self.counts["responses"] += sum(len(group.responses) for group in groups)
        self.counts["tokens"] += sum(response.drawn_count for group in groups for response in group.responses)
        return groups

    def labels(self, groups: Sequence[Group], batch: int) -> list[Labels | None]:
        """Labels of each group, as `Labeller.labels`; none each where nobody is asked."""
        labeller = self.labeller
        if labeller is None:
            return [None] * len(groups)
        began = time.monotonic()
        labels = self.ranks.from_first(lambda: labeller.labels(groups, batch))
        self.seconds["label"] += time.monotonic() - began
        self.counts["labels"] += sum(each.answers for each in labels)
        return [*labels]

    def shaped(
        self,
        shaper: Shaper,
        groups: Sequence[Group],
        labels: Sequence[Labels | None],
        carried: tuple[float, ...],
    ) -> Shaped:
        """What a shaping makes of drawn groups, as `Shaper.shaped`; its time is that of labels."""
        began = time.monotonic()
        shaped = self.ranks.from_first(lambda: shaper.shaped(groups, labels, carried))
        self.seconds["label"] += time.monotonic() - began
        return shaped

    @property
    def reference(self) -> Any:
        """The frozen anchor in memory.

        Raises:
            LookupError: nothing that was planned reads it.
        """
        if self.anchor is None:
            raise LookupError("no reference in memory: the plan saw nobody who reads it")
        return self.anchor

    def state(self) -> Tensor:
        """Counts and seconds, for a checkpoint."""
        return torch.tensor([*self.counts.values(), *self.seconds.values()], dtype=torch.float64)

    def restore(self, state: Tensor) -> None:
        """Go on from a checkpoint's."""
        values = iter(state.tolist())
        self.counts = {name: next(values) for name in self.counts}
        self.seconds = {name: next(values) for name in self.seconds}

    def summary(self, seconds: float) -> dict[str, Any]:
        """What was drawn and labelled, and how the seconds of the whole training were spent."""
        spent = {**self.seconds, "train": max(0.0, seconds - sum(self.seconds.values()))}
        return {
            "seconds": {name: round(value, 3) for name, value in spent.items()},
            "responses": int(self.counts["responses"]),
            "generated_tokens": int(self.counts["tokens"]),
            "labels": int(self.counts["labels"]),
        }


def most_tokens(prompt: PolicyPrompt, drawer: Drawer, cost: Cost) -> int:
    """Tokens of a prompt's draws in a forward pass at most, where every response is as long as it may be."""
    front, longest = len(prompt.tokens), drawer.longest
    if not cost.packed:
        return drawer.samples * (front + longest)
    rows = [[*range(front), *range(-k * longest - longest, -k * longest)] for k in range(drawer.samples)]
    return packed_length(rows, [front + longest - 1] * len(rows), share=cost.share)


def facts_of(groups: Sequence[Group], labels: Sequence[Labels | None]) -> dict[str, float]:
    """What is logged of a step's draws: mean reward where there is one, length, shares of cut and identical ones."""
    responses = [response for group in groups for response in group.responses]
    each = [(group, label) for group, label in zip(groups, labels, strict=True) if label is not None]
    scores = [label.score(k, len(group.responses)) for group, label in each for k in range(len(group.responses))]
    known = [score for score in scores if score is not None]
    facts = {"online/reward": sum(known) / len(known)} if known else {}
    alike = sum(len({response.scored for response in group.responses}) == 1 for group in groups)
    return (
        facts
        | {
            "online/length": sum(response.scored_count for response in responses) / max(1, len(responses)),
            "online/cut": sum(response.is_cut for response in responses) / max(1, len(responses)),
            "online/identical_groups": alike / max(1, len(groups)),
        }
        | _calls(responses)
    )


def _calls(responses: Sequence[RolloutResponse]) -> dict[str, float]:
    """Answered calls of a tool per response; nothing where none was called."""
    calls = sum(len(response.observed) for response in responses)
    return {"online/tool_calls": calls / len(responses)} if calls else {}


def watched_of(scores: Any) -> Mapping[str, Tensor]:
    """[B] entropy per token and KL to the reference, both estimated by log-probabilities of what was drawn.

    Args:
        scores: of drawn rows, or of rows with draws beside them.
    """
    drawn = scores if scores._fresh is None else scores._fresh
    policy = drawn.policy if drawn._behaviour is None else drawn._behaviour
    watched = {"online/entropy": -policy.mean().mean(dim=-1)}
    if drawn._reference is not None:
        watched["online/kl"] = (policy.sum() - drawn._reference.sum()).mean(dim=-1)
    return watched
