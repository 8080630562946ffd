"""RewardObjective: what a reward model minimises, what its head gives, and where both come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.scores import UndeclaredInputError

if TYPE_CHECKING:
    from torch import Tensor

HIDDEN = -1
"""In the shape of a table: the backbone's hidden size."""


@dataclass(frozen=True)
class Network:
    """A stack of linear maps on a pooled hidden state, the last one without activation.

    Raises:
        ValueError: a width below 1, or an activation that is not known.
    """

    outputs: int
    """Numbers that come out."""
    layers: tuple[int, ...] = ()
    """Widths of the layers between; none is one linear map without bias."""
    activation: str = "silu"
    """Between two maps: `silu`, `relu`, `gelu` or `tanh`."""

    def __post_init__(self) -> None:
        if min(self.outputs, *self.layers, 1) < 1:
            raise ValueError(f"expected widths of 1 or more, got {self.layers} and {self.outputs} outputs")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got '{self.activation}'")


ACTIVATIONS = ("silu", "relu", "gelu", "tanh")


@dataclass(frozen=True)
class FreeTensor:
    """A free tensor of a head, such as a prototype per row."""

    shape: tuple[int, ...]
    """Sizes; `HIDDEN` stands for the backbone's hidden size."""
    std: float = 0.0
    """Standard deviation of the normal distribution it starts from; 0 starts at `mean`."""
    mean: float = 0.0
    """What it starts around."""
    fitted: bool = False
    """Set once after training by the objective's `fit`, and never by a gradient."""


@dataclass(frozen=True)
class HeadSpec:
    """What stands on the backbone: the numbers of a response, of its prompt, and tensors of its own."""

    response: Network | None = Network(1)
    """On the pooled state of each response; none where the head reads columns of the data alone."""
    prompt: Network | None = None
    """On the state of the prompt's last token; none where the head does not read the prompt by itself."""
    tables: Mapping[str, FreeTensor] = field(default_factory=dict)
    """Name -> free tensor."""
    states: bool = False
    """Hand the pooled states of the responses to loss and score, too."""
    least_hidden: int = 1
    """Smallest hidden size of a backbone that the head can stand on."""
    trains_backbone: bool = True
    """Whether the backbone is trained; where it is not, the head alone is."""

    @property
    def is_scalar(self) -> bool:
        """Whether this is one linear map to a number, the plain reward head."""
        return self == SCALAR

    @property
    def reads_backbone(self) -> bool:
        """Whether texts go through the backbone at all."""
        return self.response is not None or self.prompt is not None or self.states


SCALAR = HeadSpec()


@dataclass(frozen=True)
class RewardScores:
    """All that an objective may read: what its head gives for a batch, and the columns that it declares."""

    _outputs: Tensor | None = None
    _prompt: Tensor | None = None
    _states: Tensor | None = None
    _tables: Mapping[str, Tensor] = field(default_factory=dict)
    _column: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def outputs(self) -> Tensor:
        """[B, K, D] what the head's `response` network gives for each response."""
        return _declared(self._outputs, "outputs of responses", "HeadSpec.response")

    @property
    def reward(self) -> Tensor:
        """[B, K] the one number of a response, where the head gives one."""
        if self.outputs.shape[-1] != 1:
            raise ValueError(f"expected one output per response, got {self.outputs.shape[-1]}")
        return self.outputs.squeeze(-1)

    @property
    def prompt(self) -> Tensor:
        """[B, P] what the head's `prompt` network gives for each prompt."""
        return _declared(self._prompt, "outputs of the prompt", "HeadSpec.prompt")

    @property
    def states(self) -> Tensor:
        """[B, K, H] pooled hidden state of each response."""
        return _declared(self._states, "pooled states", "HeadSpec.states")

    def table(self, name: str) -> Tensor:
        """A free tensor of the head, in the shape that the head declares."""
        return _declared(self._tables.get(name), f"table '{name}'", "HeadSpec.tables")

    def column(self, name: str) -> Tensor:
        """[B] or [B, K] column of the data."""
        return _declared(self._column.get(name), f"column '{name}'", "columns")


@dataclass(frozen=True)
class Climb:
    """What one step of gradient ascent raises, at whose end the gradient of the loss is taken."""

    of: Callable[[RewardScores, Any], Tensor]
    """(scores of K responses to each prompt, which are drawn and in no order, hyper) -> [B]."""
    rate: Callable[[Any], float]
    """hyper -> what the gradient is multiplied with."""


def _declared(value: Tensor | None, what: str, where: str) -> Tensor:
    if value is None:
        raise UndeclaredInputError(f"the objective reads {what}; declare it in {where}")
    return value


def _scalar(hyper: Any) -> HeadSpec:
    return SCALAR


def _no_columns(hyper: Any) -> tuple[Column, ...]:
    return ()


def _takes_order(hyper: Any) -> bool:
    return True


def first_output(scores: RewardScores, hyper: Any) -> Tensor:
    """[B, K] the one number of each response."""
    return scores.reward


@dataclass(frozen=True, kw_only=True)
class RewardObjective:
    """One exhibit of the room of reward-model objectives."""

    name: str
    """Registry key; equals the file name."""
    paper: Paper
    hyper: type
    """Frozen dataclass of hyper-parameters, documented field by field."""
    loss: Callable[[RewardScores, Any], Any]
    """(scores, hyper) -> [B] averaged over examples, or named `Term`s."""
    score: Callable[[RewardScores, Any], Tensor] = first_output
    """(scores, hyper) -> [B, K] reward of each response, higher is better."""
    head: Callable[[Any], HeadSpec] = _scalar
    """hyper -> what stands on the backbone."""
    columns: Callable[[Any], tuple[Column, ...]] = _no_columns
    """hyper -> columns of the training data that the loss reads."""
    scored_columns: Callable[[Any], tuple[Column, ...]] = _no_columns
    """hyper -> columns that `score` reads, so that every split that is rewarded must have them."""
    fit: Callable[[RewardScores, Any], Mapping[str, Tensor]] | None = None
    """(scores of all training pairs as one batch, hyper) -> the values of the fitted tables; none without any."""
    ascent: Climb | None = None
    """What is climbed on the responses of `reward_model.drawn`, which the loss then does not read; none climbs nothing,
    and drawn pairs are trained on like labelled ones."""
    candidates: Candidates = Candidates.PAIR
    """Pairs, or any number of candidates per example."""
    takes_order: Callable[[Any], bool] = _takes_order
    """hyper -> whether the loss takes the first candidate for the preferred one, so that the data must say which is."""
    is_shift_free: bool = True
    """Rewards have no level of their own: adding a number to all rewards of an example changes no loss. Only such
    rewards may be centred."""
    is_relative: bool = False
    """A response's reward depends on the candidates beside it, so that a response by itself has none."""
    family: str
    """What the loss compares: `pairwise`, `pointwise` or `listwise`."""
    equation: str
    """The loss as plain text, readable in a terminal of 80 columns."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Where it is also implemented, with version or commit -> how that differs from this form, or "the same"."""
    open_question: str = ""
    """What of the form could not be verified, a sentence; tables then mark it `form unverified`."""
    version: int = 1
    """Raised by hand when the numbers change."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What every table says beside it: `form unverified`, or nothing where the form was checked."""
        return ("form unverified",) * bool(self.open_question)

    @property
    def fewest_candidates(self) -> int:
        """Candidates that an example has at least: one where each has a target of its own, two to compare."""
        return 1 if self.family == "pointwise" else 2

    def carried_columns(self, hyper: Any) -> tuple[Column, ...]:
        """Every column that a training batch carries, those of `score` included."""
        return tuple(dict.fromkeys((*self.columns(hyper), *self.scored_columns(hyper))))
