"""What may come before a reward model is trained: an ensemble that rates its pairs, pseudo-labels, drawn pairs."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from benchbench.core.identity import Since
from benchbench.recipe.rounds import SAMPLING, SamplerSection
from benchbench.recipe.section import NonEmpty, Section

MOST_MEMBERS = 16
"""Of an ensemble."""
ENSEMBLE_COLUMNS = ("margin_mean", "margin_sd", "reward_mean", "reward_sd")
"""What an ensemble says of a pair (chosen minus rejected), and of each response: mean and sample standard deviation
over its members."""


class EnsembleSection(Section):
    """Several reward models that differ by their seeds alone: head initialisation, and data order under `scope: all`.

    Wang et al. 2024, arXiv:2401.06080, trains ten and rates every pair by mean and standard deviation of its margins.
    """

    size: int = Field(ge=2, le=MOST_MEMBERS)
    """Number of members."""
    use: Literal["columns", "rewards"] = "columns"
    """`columns`: Bradley-Terry members rate the training pairs, and the objective reads what they say (`margin_mean`,
    `margin_sd`, `reward_mean`, `reward_sd`); `rewards`: members with the recipe's objective are the reward model, and
    the reward is their mean."""


class PseudoLabelSection(Section):
    """Rounds in which the reward model labels further pairs, and is trained again with those it is sure of.

    SSRM, arXiv:2409.06903. Form unverified: that each round trains anew from the start, and on all labelled pairs
    beside the pseudo-labelled ones, is ours.
    """

    open_question: ClassVar[str] = "Whether a round trains anew, and on which pairs, was not read."

    split: Annotated[str, Field(min_length=1)]
    """Pairs to label; which candidate is first in the data is not read."""
    threshold: float = Field(default=0.9, ge=0.5, le=1.0)
    """A pair is taken where sigmoid of the larger reward minus the smaller is above this; 1 takes none; 0.9 is ours."""
    rounds: int = Field(default=1, ge=1, le=20)
    """Number of rounds; 1 is ours."""


class DrawnPromptsSection(Section):
    """Which prompts are answered for the reward model."""

    split: NonEmpty
    """Split whose prompts are taken, in its order; never one that is scored or answered. Its responses are not read."""
    count: int = Field(gt=0)
    """Prompts that are answered: the first ones."""


class PairSelectorSection(Section):
    """Which drawn responses become the reward model's pairs."""

    name: NonEmpty = "west_of_n"
    """An exhibit of the selectors room that makes pairs of labelled draws; `all_draws` for an objective that climbs."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The selector's own options."""


class DrawnPairsSection(Section):
    """Pairs of a policy's responses, ordered by a first reward model, on which a second one is trained, too.

    West-of-N, Pace et al. 2024, arXiv:2401.12086: the best and the worst of N draws by the reward model of the labelled
    pairs. Form unverified: that the second training starts anew, and takes both kinds of pairs in one order, is ours.
    With `policy` the draws are a trained policy's, as in reward learning on policy (RLP, arXiv:2403.19279).

    An objective that climbs (`bt_meta`: MetaRM, Dou et al. 2024, arXiv:2405.00438) takes the draws in no order, by the
    selector `all_draws`; no first reward model is asked then.
    """

    open_question: ClassVar[str] = (
        "Whether the second training starts anew, how it mixes the pairs, and how RLP makes its pairs, was not read."
    )

    policy: Annotated[NonEmpty, Since("2026-11-30", before="sft")] = "sft"
    """Whose responses are drawn: `sft` (the base model where the recipe has no SFT), or a recipe of the setting, such
    as rloo@rm, whose policy of the same seed was trained with the first reward model."""
    prompts: DrawnPromptsSection
    sampler: SamplerSection
    """Who draws; every policy that it names is the one above."""
    selector: PairSelectorSection = PairSelectorSection()

    @model_validator(mode="after")
    def _draws(self) -> Self:
        if not self.sampler.draws:
            raise ValueError(f"sampler: required, not given: {', '.join(SAMPLING)}, since responses are drawn")
        return self
