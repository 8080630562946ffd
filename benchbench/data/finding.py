"""What an audit of data looks for, from which share on it is too much, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

EXAMPLES_SHOWN = 5
"""Ids that a finding names; its count is that of all."""


@dataclass(frozen=True)
class Check:
    """One question that is asked of data."""

    name: str
    meaning: str
    """What is counted, as words after a number of examples."""
    level: float
    """Largest share of examples, in [0, 1], that passes; ours throughout, no publication sets such levels."""
    advice: str
    """What to do about it."""
    two_sided: bool = False
    """Whether a share of one half is what is expected, and `level` the distance from it that passes."""


_DEDUPLICATE = "remove them from the training split, or move them to the held-out one whole"
CHECKS = {
    check.name: check
    for check in (
        Check("leaked_prompts", "whose prompt is also in a training split", 0.01, _DEDUPLICATE),
        Check("near_leaked_prompts", "whose prompt is nearly one of a training split", 0.05, _DEDUPLICATE),
        Check("repeated_examples", "that repeat prompt and responses of an earlier one", 0.05, "keep one of each"),
        Check(
            "contradicting_labels",
            "that prefer the response which an earlier example of the same two rejects",
            0.01,
            "decide for one label, or leave both out",
        ),
        Check(
            "repeated_prompts",
            "whose prompt an earlier example has",
            1.0,
            "nothing where several pairs of a prompt are meant: they are one cluster of every interval",
        ),
        Check(
            "near_repeated_prompts",
            "whose prompt is nearly that of an earlier example",
            0.2,
            "look at some; where they are the same request, keep one",
        ),
        Check(
            "identical_candidates",
            "with two candidates of the same text",
            0.02,
            "leave them out: such a pair has no order to learn, and an accuracy counts it as a tie",
        ),
        Check(
            "empty_responses",
            "with a candidate without text",
            0.02,
            "leave them out, or say with on_empty_response what training does with them",
        ),
        Check(
            "tied_scores",
            "whose best rating belongs to several candidates",
            0.25,
            "the order within a tie is the file's and says nothing: leave them out, as `pairs_best_worst` does with a "
            "min_gap",
        ),
        Check(
            "length_bias",
            "whose longer response is the preferred one",
            0.25,
            "read length-controlled metrics beside the others, or balance the pairs (`length_balanced`)",
            two_sided=True,
        ),
        Check("left_out_by_length", "that are longer than the limits and left out", 0.1, "raise max_length"),
        Check(
            "cut",
            "of which this side is cut to max_length",
            0.1,
            "raise max_length, or leave such examples out with truncation: drop",
        ),
        Check(
            "cut_on_one_side",
            "of which some responses are cut and others are whole",
            0.05,
            "raise max_length: one side is scored with its end, the other without",
        ),
        Check(
            "doubled_bos",
            "that begin with BOS twice",
            0.0,
            "take BOS out of the template, or set tokenization.add_bos: false",
        ),
        Check(
            "missing_bos",
            "that begin without the BOS which the tokenizer puts before a text by itself",
            0.01,
            "set tokenization.add_bos: true",
        ),
        Check(
            "missing_eos",
            "with a response that ends, uncut, neither in EOS nor in the template's end of a turn",
            0.01,
            "set tokenization.append_eos: true: a policy never learns to stop otherwise",
        ),
        Check(
            "doubled_eos", "with a response that ends in EOS twice", 0.0, "take EOS out of the template or the texts"
        ),
        Check(
            "eos_inside",
            "with EOS in a response before its end",
            0.01,
            "take the token out of the texts: what follows it can never be drawn",
        ),
        Check(
            "prompt_boundary",
            "of which the ids divide prompt and response elsewhere than the template does",
            0.0,
            "report it with one of the examples: words of the response among the prompt's ids are not scored",
        ),
        Check(
            "changed_text",
            "of which a text, decoded, is another one than the template wrote",
            0.01,
            "look at one: the tokenizer lacks characters or changes them; take one that keeps them",
        ),
        Check(
            "control_in_text",
            "whose own text spells a control token, which is read as one",
            0.01,
            "take the tokens out of the texts, or use a template without them",
        ),
    )
}
"""By name, in the order in which they are told."""


class Bounds(NamedTuple):
    """An interval of a share."""

    low: float
    high: float


@dataclass(frozen=True)
class DataFinding:
    """The answer to one check in one place."""

    check: str
    """A key of `CHECKS`."""
    where: str
    """The split, the two splits, or the split and the side."""
    count: int
    """Examples that the check is about."""
    total: int
    """Examples that were looked at."""
    level: float
    """Largest share that passes."""
    examples: tuple[str, ...] = ()
    """Ids of the first few."""
    detail: str = ""
    """What else there is to say."""
    interval: Bounds | None = None
    """Of the share, at 95%, where it is an estimate of something beyond these examples."""

    @property
    def share(self) -> float:
        """Share of the examples looked at, in [0, 1]; 0 of none."""
        return self.count / self.total if self.total else 0.0

    @property
    def graded(self) -> float:
        """What is held against the level: the share; of a two-sided check the distance from one half.

        With an interval it is the distance of the end that is nearer to one half, so that few examples fail nothing.
        """
        if not CHECKS[self.check].two_sided:
            return self.share
        if not self.total:
            return 0.0
        low, high = self.interval or (self.share, self.share)
        return max(low - 0.5, 0.5 - high, 0.0)

    @property
    def is_above(self) -> bool:
        """Whether it is too much."""
        return self.graded > self.level


def finding(
    check: str, where: str, ids: Iterable[str], total: int, *, detail: str = "", level: float | None = None
) -> DataFinding:
    """The finding of a check by the ids of the examples it is about.

    Args:
        check: a key of `CHECKS`.
        where: split, or split and side.
        ids: of every such example, in order.
        total: examples looked at.
        detail: what else there is to say.
        level: largest share that passes; none for the check's.
    """
    hits = list(ids)
    limit = CHECKS[check].level if level is None else level
    return DataFinding(check, where, len(hits), total, limit, tuple(hits[:EXAMPLES_SHOWN]), detail)


def above(findings: Sequence[DataFinding]) -> list[DataFinding]:
    """Those that are too much, in their order."""
    return [each for each in findings if each.is_above]
