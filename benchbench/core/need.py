"""Need: an input beyond the policy that a method declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

MISSING = "missing"
"""Option of `Need.REWARD`: what becomes of a drawn response that has no reward."""


@dataclass(frozen=True, order=True)
class Need:
    """An input beyond the policy that a method declares; undeclared inputs are neither built nor readable.

    Each is a file of `benchbench.inputs`, which says what it adds to a plan and what tensor a batch has of it.
    """

    name: str
    """Name of that file, and of the field of `Scores` that the loss reads."""
    options: tuple[tuple[str, str], ...] = ()
    """What the method says of it, such as which anchor: (name, value), sorted."""

    REFERENCE: ClassVar[Need]
    """Log-probabilities under the frozen anchor policy."""
    REWARD: ClassVar[Need]
    """One reward per candidate, from a reward-model stage or from a column of the data; option `missing=keep`: the loss
    gets drawn responses without a reward too, with NaN, and leaves them out itself."""
    ANCHORS: ClassVar[Need]
    """Log-probabilities under further frozen policies that the recipe names; option `names`, separated by commas."""
    DISTRIBUTION: ClassVar[Need]
    """One number per response token of the whole next-token distribution; option `quantity`."""
    MISMATCHED: ClassVar[Need]
    """Log-ratio of each response after another example's prompt of the step."""
    LIVE_REFERENCE: ClassVar[Need]
    """Log-probabilities under a reference that follows the policy."""
    PROMPT_EMBEDDING: ClassVar[Need]
    """A vector of each example's prompt, the same at every step."""
    PROMPT_CLASS: ClassVar[Need]
    """How probable label 1 is at each example's prompt, the same at every step."""
    ACTIVATIONS: ClassVar[Need]
    """The frozen anchor's mean activation of each layer, where it predicts each response token."""
    RIVAL: ClassVar[Need]
    """Log-probabilities under a second copy of the policy, which is trained beside it."""
    BEHAVIOUR: ClassVar[Need]
    """Log-probabilities under the policy that drew each response."""
    FRESH: ClassVar[Need]
    """Scores of further responses to each example's prompt, drawn from the policy as it is at this step."""
    PREVIOUS: ClassVar[Need]
    """Log-probabilities under the policy that the round starts from; in the first round, and without rounds, that is
    the policy that training starts from."""
    VALUE: ClassVar[Need]
    """What the method's head said of each token when the response was drawn."""

    def with_options(self, **options: str) -> Need:
        """The same need with options of the method."""
        return Need(self.name, tuple(sorted({**dict(self.options), **options}.items())))

    def option(self, name: str) -> str:
        """The value of an option; empty where the method does not say."""
        return dict(self.options).get(name, "")


Need.REFERENCE = Need("reference")
Need.REWARD = Need("reward")
Need.ANCHORS = Need("anchors")
Need.DISTRIBUTION = Need("distribution")
Need.MISMATCHED = Need("mismatched")
Need.LIVE_REFERENCE = Need("live_reference")
Need.PROMPT_EMBEDDING = Need("prompt_embedding")
Need.PROMPT_CLASS = Need("prompt_class")
Need.ACTIVATIONS = Need("activations")
Need.RIVAL = Need("rival")
Need.BEHAVIOUR = Need("behaviour")
Need.FRESH = Need("fresh")
Need.PREVIOUS = Need("previous")
Need.VALUE = Need("value")
