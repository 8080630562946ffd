"""Which tokens end a response, and where each of them comes from; the same for both engines.

The recipe's `generate.stop_tokens` with EOS, where it names any. Else EOS, the ids that the model's folder names in
generation_config.json, and the token that the template writes after an assistant's turn. Training ends a response in
EOS where `tokenization.append_eos` says so, after all that a chat template writes; a plain template's turn end is
never trained on, since responses stand without it. So a policy may end its turn in either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.data.turn_end import TurnEnd, control_tokens

EOS, RECIPE, CONFIGURED, TEMPLATE = "EOS", "recipe", "generation_config.json", "template"
"""Where a stop is from."""


@dataclass(frozen=True)
class Stop:
    """A token that ends a response."""

    id: int
    token: str
    """As the tokenizer writes it."""
    origins: tuple[str, ...]
    """Everything that names it."""

    def __str__(self) -> str:
        return f"{self.token} ({self.id}; {', '.join(self.origins)})"


@dataclass(frozen=True)
class Stops:
    """Every token that ends a response, EOS first."""

    tokens: tuple[Stop, ...]
    notes: tuple[str, ...] = ()
    """What a reader must know of the ends that are not among them."""

    @property
    def ids(self) -> tuple[int, ...]:
        """For an engine."""
        return tuple(stop.id for stop in self.tokens)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for records."""
        return {
            "found": [asdict(stop) | {"origins": list(stop.origins)} for stop in self.tokens],
            "notes": [*self.notes],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Stops:
        """The inverse of `as_json`."""
        tokens = (Stop(stop["id"], stop["token"], tuple(stop["origins"])) for stop in values["found"])
        return cls(tuple(tokens), tuple(values["notes"]))


def named_stops(stop_tokens: Sequence[str], tokenizer: Any) -> Stops:
    """EOS and the recipe's own, with nothing else looked at.

    Args:
        stop_tokens: of the recipe.
        tokenizer: a fast one.

    Raises:
        BenchError: a stop token that the tokenizer does not have as one token, or no EOS.
    """
    if tokenizer.eos_token_id is None:
        raise BenchError("generate: the tokenizer names no EOS token, so no response would end")
    known = tokenizer.get_vocab()
    unknown = [text for text in stop_tokens if text not in known]
    if unknown:
        raise BenchError(f"generate.stop_tokens: expected tokens of the tokenizer, got {', '.join(unknown)}")
    named = [(int(tokenizer.eos_token_id), EOS), *((known[text], RECIPE) for text in stop_tokens)]
    return Stops(_stops(named, tokenizer))


def all_stops(tokenizer: Any, end: TurnEnd, *, configured: Sequence[int], own_tokenizer: bool) -> Stops:
    """EOS, what the model's folder names, and what the template writes; for a recipe that names none itself.

    Args:
        tokenizer: a fast one.
        end: of an assistant's turn in the template.
        configured: ids of the model's generation_config.json.
        own_tokenizer: it is the model's; in any other one the model's ids may stand for ordinary text, and those that
            do are left out.

    Raises:
        BenchError: no EOS.
    """
    eos = named_stops((), tokenizer)
    known, control = {*tokenizer.get_vocab().values()}, control_tokens(tokenizer)
    usable = [i for i in configured if i in known and (own_tokenizer or i in control)]
    others = {i: "ordinary text in" if i in known else "no token of" for i in configured if i not in usable}
    notes = [f"{CONFIGURED} names {i}, which is {what} the tokenizer; left out" for i, what in others.items()]
    if end.text:
        notes.append(
            f"the template ends an assistant's turn in plain text ({end.text!r}), which is no token to stop at"
        )
    named = [*((i, EOS) for i in eos.ids), *((i, CONFIGURED) for i in usable), *((i, TEMPLATE) for i in end.tokens)]
    return Stops(_stops(named, tokenizer), tuple(notes))


def separator_ids(tokenizer: Any, separator: str) -> frozenset[int]:
    """The tokens that are a separator of steps, with or without space around it; none where it is no single token.

    Args:
        tokenizer: a fast one.
        separator: its text.
    """
    return frozenset(i for i in tokenizer.get_vocab().values() if tokenizer.decode([i]).strip() == separator)


def _stops(named: Iterable[tuple[int, str]], tokenizer: Any) -> tuple[Stop, ...]:
    origins: dict[int, dict[str, None]] = {}
    for i, origin in named:
        origins.setdefault(int(i), {})[origin] = None
    return tuple(Stop(i, str(tokenizer.convert_ids_to_tokens(i)), tuple(names)) for i, names in origins.items())
