"""Responses that go on past a control token, such as into the next speaker's turn: cut there, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from benchbench.core.generation import Generation
from benchbench.data.turn_end import control_tokens


@dataclass(frozen=True)
class ControlTokens:
    """Ids that are no part of an answer's text: control tokens, and ids without a token."""

    ids: frozenset[int]
    """Special tokens, and what the template writes between two turns; not the unknown token, which is text."""
    vocabulary: frozenset[int]
    """Every id that has a token; a model's padded embedding may have more."""

    @classmethod
    def of(cls, tokenizer: Any, between: Iterable[int], stops: Iterable[int]) -> ControlTokens:
        """Those of a tokenizer and a template.

        Args:
            tokenizer: a fast one.
            between: control tokens from an assistant's text to the next user's.
            stops: that end a response, and so never stand in one.
        """
        added = tokenizer.added_tokens_decoder
        special = {i for i in control_tokens(tokenizer) if i not in added or added[i].special}
        control = {*special, *between} - {tokenizer.unk_token_id} - {*stops}
        return cls(frozenset(control), frozenset(tokenizer.get_vocab().values()))

    def cut(self, response: Generation) -> Generation:
        """The response up to its first such id, which is then its end, with a finish of its own."""
        for place, token in enumerate(response.tokens):
            if token in self.ids:
                return _cut(response, place, "control_token")
            if token not in self.vocabulary:
                return _cut(response, place, "no_token")
        return response


def _cut(response: Generation, place: int, finish: Literal["control_token", "no_token"]) -> Generation:
    """The tokens before a place, with what a tool wrote among them."""
    observed = tuple((start, min(stop, place)) for start, stop in response.observed if start < place)
    end = response.tokens[place]
    return replace(response, tokens=response.tokens[:place], finish=finish, end=end, observed=observed)


def cut_counts(drawn: Sequence[Generation], shortened: Sequence[Generation], tokenizer: Any) -> dict[str, Any]:
    """How many responses were cut, at which tokens, and how many tokens went with what followed."""
    cut = [(before, after) for before, after in zip(drawn, shortened, strict=True) if after.finish != before.finish]
    at = Counter(after.end for _, after in cut)
    return {
        "control_token": sum(after.finish == "control_token" for _, after in cut),
        "no_token": sum(after.finish == "no_token" for _, after in cut),
        "at": {f"{tokenizer.convert_ids_to_tokens(i) or 'no token'} ({i})": count for i, count in at.most_common()},
        "tokens_cut_off": sum(len(before.tokens) - len(after.tokens) - 1 for before, after in cut),
    }
