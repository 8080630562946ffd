"""Method: a loss, what it reads, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from benchbench.core.companions import Carried, Head
from benchbench.core.example import CHOSEN, REJECTED
from benchbench.core.need import MISSING as MISSING
from benchbench.core.need import Need as Need
from benchbench.core.paper import Paper

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.core.scores import Scores


@dataclass(frozen=True)
class Column:
    """A column of the data that a loss reads, and what may stand in it; checked in the data before anything runs.

    Raises:
        ValueError: a range that holds no number.
    """

    name: str
    low: float = -math.inf
    """Smallest value allowed."""
    high: float = math.inf
    """Largest value allowed."""
    per: Literal["example", "candidate"] = "example"
    """One number per example, or one per candidate."""
    missing: Literal["refuse", "keep"] = "refuse"
    """Where a value is missing: the data are refused, or the loss gets NaN and says what that means."""

    LABEL: ClassVar[Column]
    """A label of single responses: 1 for a desirable one, 0 for an undesirable one."""

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"column '{self.name}': expected low <= high, got {self.low} and {self.high}")

    def allows(self, value: float) -> bool:
        """Whether a value that is there is a finite number of the range."""
        return math.isfinite(value) and self.low <= value <= self.high

    @property
    def expected(self) -> str:
        """The range in words."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"numbers in [{self.low:g}, {self.high:g}]"
        if math.isfinite(self.low):
            return f"numbers of at least {self.low:g}"
        return f"numbers of at most {self.high:g}" if math.isfinite(self.high) else "finite numbers"


Column.LABEL = Column("label", low=0, high=1)


class Over(Enum):
    """What a term of a loss is averaged over; always over the whole optimizer step, never over a microbatch."""

    EXAMPLES = "examples"
    RESPONSE_TOKENS = "response_tokens"
    """All response tokens of all candidates in the step."""
    CHOSEN_TOKENS = "chosen_tokens"
    """The response tokens of the first candidate of every example in the step."""


class Term(NamedTuple):
    """One summand of a loss with its own normaliser: sum of `values` / count of `over` in the step."""

    values: Tensor
    """[B] contribution of each example, before division."""
    over: Over = Over.EXAMPLES


Loss = Any
"""A plain tensor [B] is averaged over examples; a mixed loss names its terms."""


class Candidates(Enum):
    """How many candidates per example a loss accepts."""

    ONE = "one"
    """Only the first is used (demonstrations; a pair contributes its chosen response)."""
    PAIR = "pair"
    ANY = "any"
    """Lists, which need not be of one length: every example keeps its own candidates."""
    LABELLED = "labelled"
    """One response per example, judged on its own by a label or a reward; pairs are split by a transform before."""


class Family(Enum):
    """What a loss compares."""

    PAIRWISE = "pairwise"
    """Two responses by the difference of their scores."""
    POINTWISE = "pointwise"
    """Each response against its own target or label."""
    LISTWISE = "listwise"
    """K responses by their order, scores or distribution."""
    TOKEN_LEVEL = "token-level"
    """Single tokens or spans, weighted or compared."""
    LIKELIHOOD = "likelihood"
    """Demonstrations."""


CONTENT_SIGN = "+"
"""Stands between the name of a method that is not built in and the hash of its content."""


def full_name(name: str, content: str) -> str:
    """The name of a method that is not built in, with the hash of its content."""
    return f"{name}{CONTENT_SIGN}{content}"


def plain_name(name: str) -> str:
    """A method's name as tables have it, without content."""
    return name.partition(CONTENT_SIGN)[0]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One exhibit of the methods room."""

    name: str
    """Registry key; equals the file name. Of a method that is not built in it ends with the hash of its content."""
    paper: Paper
    hyper: type
    """Frozen dataclass of hyper-parameters with the paper's defaults; documented field by field."""
    loss: Callable[[Scores, Any], Any]
    """(scores, hyper) -> [B] averaged over examples, or named `Term`s."""
    reward: Callable[[Scores, Any], Tensor]
    """(scores, hyper) -> [B, K] the method's own implicit reward, for logging."""
    needs: frozenset[Need] = frozenset()
    columns: tuple[Column, ...] = ()
    """Columns of the data that the loss reads."""
    candidates: Candidates = Candidates.PAIR
    roles: tuple[str, ...] = ()
    """Roles of the candidates that the loss reads, in the order in which it finds them, such as ("chosen", "rejected",
    "gold"); empty where `candidates` says it all."""
    token_weights: tuple[str, ...] = ()
    """Names of the spans whose weights the loss reads, token by token."""
    scored: Literal["response", "all"] = "response"
    """Which tokens have a log-probability: those of the responses, or those of the prompts too."""
    monotone_in_chosen: bool = True
    """Raising the chosen log-probability never raises the loss."""
    monotone_reason: str = ""
    """Why not, where `monotone_in_chosen` is false."""
    coupled: bool | Callable[[Any], bool] = False
    """Whether an example's loss depends on other examples of its optimizer step, as with a sort or a mean over the
    batch, or (hyper) -> whether it does with these hyper-parameters; read by `is_coupled`. The loss is then given the
    whole step at once, and its gradient is exact however the step is cut into microbatches."""
    watched: Callable[[Scores, Any], Mapping[str, Tensor]] | None = None
    """(scores, hyper) -> name -> [B] further quantities to log as means over the step; none logs no more."""
    least_examples: int = 1
    """Examples of a step below which the loss says nothing; a smaller `global_batch_size` is refused."""
    carried: Carried | None = None
    """Numbers that the method carries from step to step."""
    head: Head | None = None
    """A layer that is trained beside the policy."""
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"default": {}})
    """Named presets of hyper-parameters; `default` is the paper's form."""
    logistic: bool = False
    """Whether the loss fits P(chosen over rejected) = sigmoid(beta times the margin of summed log-ratios), so that this
    is the method's own probability, whose calibration may be asked for."""
    on_policy: bool = False
    """Whether the loss is right only for its policy's plain samples: temperature 1, nothing cut off or penalised."""
    half_steps: bool = False
    """Whether each second optimizer step is taken from where the one before began, on draws of where that one ended."""
    shaped: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What of a shaping its loss reads beside rewards -> hyper-parameters that it then does not, and must leave so."""
    version: int = 1
    """Raised by hand when the numbers this method produces change."""
    family: Family | None = None
    """What the loss compares, by which methods are listed."""
    equation: str = ""
    """The loss as plain text, readable in a terminal of 80 columns; one line per part."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Where it is also implemented, with version or commit -> how that differs from this form, or "the same"."""
    collisions: tuple[str, ...] = ()
    """Other things that are published under the same name, a sentence each."""
    open_question: str = ""
    """What of the form could not be verified, a sentence; every table then marks the method `form unverified`."""
    twin_of: str = ""
    """Of a text form of a method for another modality: what was published, a sentence; never a reproduction."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What every table says beside it: `twin`, `form unverified`, both, or nothing where the form was checked."""
        return ("twin",) * bool(self.twin_of) + ("form unverified",) * bool(self.open_question)

    @property
    def read_roles(self) -> tuple[str, ...]:
        """Roles that are taken out of an example whose candidates have some; empty for all as they stand."""
        return self.roles or ((CHOSEN, REJECTED) if self.candidates is Candidates.PAIR else ())

    @property
    def fewest_candidates(self) -> int:
        """Candidates that an example has at least: one where each has a target of its own, two to compare."""
        alone = self.candidates in (Candidates.ONE, Candidates.LABELLED) or self.family is Family.POINTWISE
        return 1 if alone and self.candidates is not Candidates.PAIR else 2

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the declared columns."""
        return tuple(column.name for column in self.columns)

    @property
    def declared(self) -> tuple[Need, ...]:
        """Everything that the loss reads besides the policy, the columns as one need, in order of their names."""
        return tuple(sorted({*self.needs, Need("column")} if self.columns else self.needs))

    def is_coupled(self, hyper: Any) -> bool:
        """Whether, with these hyper-parameters, an example's loss depends on others of its step."""
        return self.coupled(hyper) if callable(self.coupled) else self.coupled

    def sees_the_step(self, hyper: Any) -> bool:
        """Whether, with these hyper-parameters, something of it needs the scores of the whole step at once."""
        return self.carried is not None or self.is_coupled(hyper)

    def need(self, name: str) -> Need | None:
        """The need of that name, if the method declares it."""
        return next((need for need in self.needs if need.name == name), None)


def terms_of(loss: Any) -> Mapping[str, Term]:
    """Normalise what a loss returned to named terms."""
    return loss if isinstance(loss, Mapping) else {"loss": Term(loss)}
