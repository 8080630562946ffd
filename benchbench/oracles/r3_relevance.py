"""Regularised relevance reward: how much a response is about its prompt, how long it is, how little it repeats itself.

Kim et al. 2024, arXiv:2402.03469, for open-ended prompts: r_x * LI * RP, with r_x the inner product of embeddings of
prompt and response, LI its words / 100, and RP its distinct trigrams of words over all of them. Nothing is learnt from
preferences. The paper embeds with Contriever; here are counts of words, hashed to places and normalised. Its length
incentive has no end: read the lengths of what it trains.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from benchbench.core.method import Paper
from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.ranges import require_above_zero, require_at_least
from benchbench.core.rollout import Group, Labels
from benchbench.data.questions import conversation
from benchbench.oracles._scores import batches, scored

_WORD = re.compile(r"\w+")
_WORDS_OF_ONE = 100
"""Words at which the length incentive is 1."""


@dataclass(frozen=True)
class Options:
    """The embedding, and the scale of the reward.

    Raises:
        ValueError: a number out of its range.
    """

    places: int = 4096
    """Length of an embedding, >= 1: words that fall on one place count as one."""
    tau: float = 0.05
    """Difference of rewards that is one logit of a preference, > 0; ours."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "places")
        require_above_zero(self, "tau")


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """The reward of every response; 0 of one without a word."""
    for places in batches(len(groups), 1, context):
        for place in places:
            prompt = conversation(groups[place].messages)
            rewards = [reward(prompt, response.text, options.places) for response in groups[place].responses]
            yield place, scored(rewards, tau=options.tau)


def reward(prompt: str, response: str, places: int) -> float:
    """Relevance times length incentive times repetition penalty, >= 0."""
    words = _WORD.findall(response.lower())
    relevance = inner_product(embedding(_WORD.findall(prompt.lower()), places), embedding(words, places))
    return relevance * length_incentive(words) * repetition_penalty(words)


def length_incentive(words: Sequence[str]) -> float:
    """Words / 100."""
    return len(words) / _WORDS_OF_ONE


def repetition_penalty(words: Sequence[str]) -> float:
    """Distinct trigrams over all of them; 1 where there are none."""
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    return len(set(trigrams)) / len(trigrams) if trigrams else 1.0


def embedding(words: Sequence[str], places: int) -> Mapping[int, float]:
    """Place -> count of the words that fall on it, of length 1; empty where there is no word."""
    counts = Counter(int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big") % places for word in words)
    norm = math.sqrt(math.fsum(count**2 for count in counts.values()))
    return {place: count / norm for place, count in counts.items()}


def inner_product(first: Mapping[int, float], second: Mapping[int, float]) -> float:
    """Of two embeddings."""
    return math.fsum(value * second.get(place, 0.0) for place, value in first.items())


ORACLE = Oracle(
    name="r3_relevance",
    options=Options,
    gives="scores",
    label=label,
    paper=Paper(
        "Kim et al.", 2024, arxiv="2402.03469", title="Rethinking the Role of Proxy Rewards in Language Model Alignment"
    ),
    open_question=(
        "Words are counted in place of Contriever's embeddings, and the form for prompts with a reference answer, with "
        "the rule that tells them apart, is not built."
    ),
)
