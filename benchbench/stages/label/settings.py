"""Settings of labelling the responses of a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from benchbench.recipe.section import Section
from benchbench.stages.settings import POLICIES, ReadingRun, ScoringSettings

ROLLOUT = "rollout"
"""Input whose responses are labelled."""


class OracleSettings(Section):
    """Who is asked."""

    name: str
    version: int
    options: dict[str, Any]
    """Identity of its options, those aside that move no answer."""
    pins: dict[str, str]
    """What pins its answers besides the options: hashes of weights or files."""


class LabelSettings(ScoringSettings):
    """What an oracle says of the responses of a rollout."""

    PRIORITY: ClassVar[int] = 11
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        ROLLOUT: ("rollout",),
        "reward_model": ("reward_model",),
        "policy": POLICIES,
        "reference": POLICIES,
        "previous": POLICIES,
    }

    stage_version: int = 1
    round: int
    oracle: OracleSettings
    seed: int | None
    """What the oracle draws is drawn from; none where it draws nothing."""
    base_seed: int | None
    """What the weights of a base model without pinned ones are drawn from; none where nothing is drawn."""
    stop_token_ids: tuple[int, ...] | None
    """Tokens that end what the policy writes for an oracle; none where EOS is the only one, or nothing is written."""


class LabelRun(ReadingRun):
    """Where the oracle's files are, and all of its options."""

    folder: str
    options: dict[str, Any]
    stops: dict[str, Any] | None = None
    """The tokens that end what the policy writes, with the origin of each, as `generation.stops` writes them."""


SETTINGS, RUN = LabelSettings, LabelRun
