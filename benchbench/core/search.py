"""Search over the steps of a response: what it goes over, what it asks for, and the siblings that it finds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from benchbench.core.example import Message
from benchbench.core.rollout import Group, Labels, RolloutResponse

ON_PATH, VISITS = "on_path", "visits"
"""Columns of what a search says: 1 for what lies on its best path, and how often Monte Carlo tree search went there."""


class Continuation(NamedTuple):
    """One step that may follow a prefix."""

    response: RolloutResponse
    """Its token ids; `end` is the token that ended the step: a separator, or at the last step the end of the text."""
    logp: float
    """Sum over its tokens of their log-probabilities under the policy that drew it, in nats; NaN where the search
    reads none."""
    is_final: bool = False
    """Whether the text ends with it, so that nothing may follow."""


Prefix = tuple[Continuation, ...]
"""Steps from the prompt on; empty at the root."""


class Expansion(NamedTuple):
    """What a search wants to know next: what may follow some prefixes, none of which is final."""

    prefixes: tuple[Prefix, ...]
    names: tuple[str, ...]
    """One for each, which names its draws: `root`, or the places from the root on, such as `root.2.0`."""


Children = Sequence[Sequence[tuple[Continuation, float]]]
"""For each prefix of an expansion its continuations, no two alike, each with what the prefix is worth with it; higher
is better."""


def name_of(places: Sequence[int]) -> str:
    """The name of the draws below a node: the places of the steps that lead to it, each among its siblings."""
    return ".".join(["root", *map(str, places)])


def tokens_of(prefix: Prefix) -> tuple[int, ...]:
    """The token ids of a prefix, with what ended each step."""
    return tuple(token for continuation in prefix for token in continuation.response.scored)


@dataclass(frozen=True)
class SearchPrompt:
    """What a search answers; the groups that come of it carry it."""

    example: str
    """Id of the example that the prompt is from."""
    round: int
    """From 1."""
    tokens: tuple[int, ...]
    """Token ids of the prompt."""
    messages: tuple[Message, ...]
    """The conversation that the prompt was encoded from."""
    columns: Mapping[str, float | str] = field(default_factory=dict)
    """What the example says of itself, such as its `answer`."""

    def group(self, responses: Sequence[RolloutResponse], labels: Labels, prefix: tuple[int, ...] = ()) -> Group:
        """Responses to the prompt and the prefix, in their order, with what the search says of them."""
        return Group(
            example=self.example,
            round=self.round,
            prompt=self.tokens,
            messages=self.messages,
            responses=tuple(responses),
            prefix=prefix,
            columns=self.columns,
            search_labels=labels,
        )


@dataclass(frozen=True)
class Siblings:
    """All continuations of one prefix of the best path.

    Raises:
        ValueError: another number of values or visits than of continuations, or a place that is none of theirs.
    """

    prefix: Prefix
    continuations: tuple[Continuation, ...]
    """[K] in the order in which they were proposed."""
    chosen: int
    """Place of the one on the best path."""
    values: tuple[float, ...]
    """[K] what the search says of each: a beam's value, or the Q of Monte Carlo tree search; higher is better."""
    visits: tuple[int, ...] | None = None
    """[K] how often Monte Carlo tree search went there; none for a beam."""

    def __post_init__(self) -> None:
        count = len(self.continuations)
        if len(self.values) != count or len(self.visits or self.values) != count:
            raise ValueError(f"expected a value, and visits if any, for each of {count} continuations")
        if not 0 <= self.chosen < count:
            raise ValueError(f"chosen: expected a place from 0 to {count - 1}, got {self.chosen}")

    def group(self, prompt: SearchPrompt) -> Group:
        """The siblings as responses to the prompt and the prefix, in their own order."""
        responses = [continuation.response for continuation in self.continuations]
        return prompt.group(responses, self.labels(), tokens_of(self.prefix))

    def labels(self) -> Labels:
        """The values as scores, with columns `on_path` (1 for the one on the best path) and, if known, `visits`.

        A search pays for the values of all that it looks at and not for these labels, so they count no answer.
        """
        columns = {ON_PATH: tuple(float(place == self.chosen) for place in range(len(self.values)))}
        if self.visits is not None:
            columns[VISITS] = tuple(map(float, self.visits))
        return Labels(scores=self.values, columns=columns)


class Leaf(NamedTuple):
    """A path that a search did not follow further."""

    prefix: Prefix
    value: float


@dataclass(frozen=True)
class SearchResult:
    """The best path that a search came to."""

    path: Prefix
    """Its steps; the last is final unless the search ended for another reason."""
    siblings: tuple[Siblings, ...]
    """One for each step of the path, from the root on."""
    leaves: tuple[Leaf, ...]
    """Every path that the search came to the end of, the best one among them: what a beam held last, or what Monte
    Carlo tree search visited and did not go beyond."""
    proposed: int
    """Continuations that came of the whole search, on the path or not."""
    valued: int
    """Prefixes whose value was asked for."""

    def paths(self, prompt: SearchPrompt) -> Group:
        """The leaves as whole responses to the prompt, with their values and the column `on_path`."""
        columns = {ON_PATH: tuple(float(leaf.prefix == self.path) for leaf in self.leaves)}
        labels = Labels(scores=tuple(leaf.value for leaf in self.leaves), columns=columns)
        return prompt.group([whole_response(leaf.prefix) for leaf in self.leaves], labels)


def whole_response(path: Prefix) -> RolloutResponse:
    """The steps of a path as one response; one that is not final was cut where the search ended.

    Raises:
        ValueError: a path without steps.
    """
    if not path:
        raise ValueError("expected a path of one step or more, got the root")
    last, texts = path[-1].response, [step.response.text for step in path]
    text = " ".join(text for text in texts if text)
    if not path[-1].is_final:
        return RolloutResponse(tokens_of(path), None, "length", last.source, text)
    return last._replace(tokens=(*tokens_of(path[:-1]), *last.tokens), text=text)


Searching = Generator[Expansion, Children, SearchResult]
"""A search at work: it asks for expansions and is sent the children, until it returns its result."""


@dataclass(frozen=True)
class StepSearch:
    """How a sampler searches; the same for every prompt."""

    start: Callable[[], Searching]
    """Begins the search of one prompt."""
    depth: int
    """Steps of a response at most."""
    most: Callable[[int], int]
    """(continuations of each prefix) -> continuations that are drawn for one prompt at most."""
    reads_logps: bool
    """Whether it reads the continuations' log-probabilities, which take a forward pass."""
    groups: Literal["steps", "paths"] = "steps"
    """What becomes a group: the siblings of each step of the best path, or all paths that the search came to an end
    of, as whole responses."""
