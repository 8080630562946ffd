"""Oracle: what scores or compares the responses of a rollout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.core.method import Paper
from benchbench.core.rollout import Group, Labels

OracleModel = Literal["reward_model", "policy", "reference", "previous"]
"""Models that an oracle may read: the recipe's reward model, the policy that the round starts from, the policy that the
first round starts from, the policy that the round before started from."""


class Scorer(Protocol):
    """Numbers of a model for every response of some groups; the stage has loaded it, oracles see no tensor."""

    def __call__(self, groups: Sequence[Group]) -> list[list[list[float]]]:
        """[group][response] -> a reward model's one number, or the log-probability of each scored token in nats."""
        ...


class Answerer(Protocol):
    """The policy's own words: what it writes after a prompt, for oracles that ask the policy itself."""

    def __call__(self, prompts: Sequence[str], *, samples: int, max_new_tokens: int) -> list[list[str]]:
        """[prompt][sample] -> text."""
        ...


class Asker(Protocol):
    """A way to a judge's verdicts; answers that were ever given are read, and new ones are kept."""

    def __call__(self, judge: Judge, options: Any, contests: Sequence[Contest]) -> Iterator[tuple[int, Verdict]]:
        """(place of the contest, its verdict) once for each, in any order."""
        ...


@dataclass(frozen=True)
class OracleContext:
    """What an oracle has to work with."""

    judge: JudgeContext
    """Folder, device, reports and the wish to stop, as judges get them."""
    models: Mapping[str, Scorer] = field(default_factory=dict)
    """The models that it declares, by name."""
    answer: Answerer | None = None
    """The policy as a writer, where it declares `writes`."""
    draws: Callable[[Group], Any] | None = None
    """numpy.random.Generator of a group's own draws, named by seed, round or step, and example."""

    ask: Asker | None = None
    """How an oracle asks a judge of the judges room; no oracle calls one by itself."""
    encode: Callable[[str], Sequence[int]] | None = None
    """Text -> its token ids, without any special token, where the oracle reads a model."""

    def verdicts(self, judge: Judge, options: Any, contests: Sequence[Contest]) -> Iterator[tuple[int, Verdict]]:
        """(place of the contest, the judge's verdict) once for each, in any order; it may raise what the judge does."""
        assert self.ask is not None, "the stage gives every oracle a way to judges"
        return self.ask(judge, options, contests)

    def draws_of(self, group: Group) -> Any:
        """The generator of a group's own draws."""
        assert self.draws is not None, "the stage gives draws to every oracle"
        return self.draws(group)


@dataclass(frozen=True)
class DropoutPasses:
    """Passes of a reward model with dropout, instead of one without."""

    passes: int
    """Number of passes, >= 2."""
    rate: float | None
    """Every dropout probability of the model; none for its own."""
    seed: int
    """What the masks are drawn from."""


def pins_nothing(options: Any, folder: Path) -> Mapping[str, str]:
    """The identity of an oracle whose options say all."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """One exhibit of the oracles room."""

    name: str
    """Registry key; equals the file name."""
    options: type
    """Frozen dataclass of the options that a recipe gives; documented field by field."""
    gives: Literal["scores", "wins", "nothing"]
    """Whether it scores each response or compares pairs; `nothing` for the oracle that is not asked."""
    label: Callable[[Any, Sequence[Group], OracleContext], Iterator[tuple[int, Labels]]]
    """(options, groups, context) -> (place of the group, its labels) as they come and in any order; it may give fewer
    where `context.judge.should_stop` says so, and nowhere else.

    Raises BenchError for what cannot be labelled at all."""
    models: frozenset[OracleModel] = frozenset()
    """Models that it reads."""
    writes: bool = False
    """Whether it has the policy write texts, which needs the engine."""
    dropout: Callable[[Any], DropoutPasses] | None = None
    """(options) -> passes of the reward model with dropout, each of which gives a number; none for one without."""
    random: bool = False
    """Whether it draws from the seed."""
    reads_search: bool = False
    """Whether it says what a search over steps found, which no other rollout has."""
    columns: tuple[str, ...] = ()
    """Columns of `Group.columns` that every example must have."""
    makes_columns: tuple[str, ...] = ()
    """Columns that every one of its labels has."""
    objectives: Callable[[Any], tuple[str, ...]] | None = None
    """(options) -> names of the several rewards of each response that its labels have; none where they have one."""
    source: str = ""
    """Name of the only data source whose prompts it knows, such as `toy`; empty for any."""
    identity: Callable[[Any, Path], Mapping[str, str]] = pins_nothing
    """(options, folder) -> what pins its answers besides the options: hashes of weights or files."""
    handling: frozenset[str] = frozenset()
    """Options that move no answer, such as a rate limit, or that `identity` pins by content, such as a path."""
    judge_of: Callable[[Any], tuple[Judge, Any]] | None = None
    """options -> the judge that it asks, and that judge's own options, bound; none where it asks no judge."""
    kind: Literal["human", "model", "rule"] = "rule"
    """What the ledger counts its answers as: a person's labels, a model's, or a rule's."""
    paper: Paper | None = None
    open_question: str = ""
    """What of it could not be verified against its source, a sentence."""
    version: int = 1
    """Raised by hand when its answers change."""
