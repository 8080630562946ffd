"""Text to token ids, with a boundary between prompt and response that is verified, not hoped for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from benchbench.core.errors import BenchError
from benchbench.data.render import Rendered

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ids = list[int]


class Encoded(NamedTuple):
    """One prompt and its responses as ids; prompt + response is a whole sequence, uncut."""

    prompt: Ids
    """Begins with BOS where the recipe wants it."""
    responses: tuple[Ids, ...]
    """Each ends with EOS where the recipe wants it."""
    retokenised: int
    """Responses tokenised on their own, since the joint text merged tokens across the boundary."""
    eos_inside: int
    """Responses whose text has the EOS token before its end."""


@dataclass(frozen=True)
class Encoder:
    """A tokenizer, and what is put around a sequence."""

    tokenizer: PreTrainedTokenizerBase
    bos: int | None
    """Id put in front once; none for nothing."""
    eos: int | None
    """Id that ends each response once; none for nothing."""
    spaced: bool
    """The tokenizer puts a space before every text it is given."""

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, *, add_bos: bool, append_eos: bool) -> Encoder:
        """Check that the tokenizer has what the recipe wants.

        Raises:
            BenchError: it names no BOS or EOS token.
        """
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        if add_bos and not isinstance(bos, int):
            raise BenchError("tokenization.add_bos: the tokenizer names no BOS token; set it to false")
        if append_eos and not isinstance(eos, int):
            raise BenchError("tokenization.append_eos: the tokenizer names no EOS token; set it to false")
        spaced = _text(tokenizer, _ids(tokenizer, ["a"])[0] * 2) != "aa"
        return cls(tokenizer, bos if add_bos else None, eos if append_eos else None, spaced)  # type: ignore[arg-type]

    def encode(self, rendered: Sequence[Rendered]) -> list[Encoded]:
        """All prompts and responses, in two or three calls of the tokenizer."""
        prompts = _ids(self.tokenizer, [row.prompt for row in rendered])
        texts = [(row.prompt, response) for row in rendered for response in row.responses]
        owners = [i for i, row in enumerate(rendered) for _ in row.responses]
        joint = _ids(self.tokenizer, [prompt + response for prompt, response in texts])
        responses: list[Ids] = []
        apart: list[int] = []
        for i, (owner, ids) in enumerate(zip(owners, joint, strict=True)):
            size = len(prompts[owner])
            responses.append(ids[size:])
            if ids[:size] != prompts[owner]:
                apart.append(i)
        for i, ids in zip(apart, self._continuations([texts[i][1] for i in apart]), strict=True):
            responses[i] = ids
        return self._gather(rendered, prompts, responses, {*apart})

    def offsets(self, prompt: str, response: str, ids: Ids) -> list[tuple[int, int]]:
        """Half-open range of characters of the response that each of its tokens has; an appended EOS has none.

        Args:
            prompt: the rendered text before the response.
            response: the rendered response.
            ids: what `encode` made of it.

        Raises:
            BenchError: the tokenizer drops characters of the response; where it does, the places that it states for the
                tokens after them are those of other characters.
        """
        start = _ids(self.tokenizer, [prompt])[0]
        whole, offsets = _ids_with_offsets(self.tokenizer, prompt + response)
        offsets = [(begin - len(prompt), end - len(prompt)) for begin, end in offsets[len(start) :]]
        if whole[: len(start)] != start:
            whole, offsets = self._continuation_offsets(response)
            start = []
        _require_cover(response, offsets)
        length = min(len(ids), len(offsets))
        assert ids[:length] == whole[len(start) :][:length], "one text has one list of ids"
        return offsets[:length] + [(len(response), len(response))] * (len(ids) - length)

    def _continuation_offsets(self, text: str) -> tuple[Ids, list[tuple[int, int]]]:
        alone = _ids_with_offsets(self.tokenizer, text)
        if not self.spaced:
            return alone
        mark = _ids(self.tokenizer, ["\n"])[0]
        ids, offsets = _ids_with_offsets(self.tokenizer, "\n" + text)
        if ids[: len(mark)] != mark:
            return alone
        return ids[len(mark) :], [(begin - 1, end - 1) for begin, end in offsets[len(mark) :]]

    def _gather(
        self, rendered: Sequence[Rendered], prompts: Sequence[Ids], responses: Sequence[Ids], apart: set[int]
    ) -> list[Encoded]:
        encoded, at = [], 0
        for row, prompt in zip(rendered, prompts, strict=True):
            span = range(at, at := at + len(row.responses))
            ended = tuple(self._end(responses[i]) for i in span)
            inside = sum(self.tokenizer.eos_token_id in ids[:-1] for ids in ended)
            encoded.append(Encoded(self._begin(prompt), ended, sum(i in apart for i in span), inside))
        return encoded

    def _begin(self, prompt: Ids) -> Ids:
        return prompt if self.bos is None or (prompt and prompt[0] == self.bos) else [self.bos, *prompt]

    def _end(self, response: Ids) -> Ids:
        """With EOS once at the end; white space that a chat template writes after its EOS is left off."""
        if self.eos is None:
            return response
        if self.eos in response:
            last = len(response) - 1 - list(reversed(response)).index(self.eos)
            tail = response[last + 1 :]
            if not tail or not _text(self.tokenizer, tail).strip():
                return response[: last + 1]
        return [*response, self.eos]

    def _continuations(self, texts: Sequence[str]) -> list[Ids]:
        """Ids of texts that go on after other text: no space in front that the text does not have."""
        if not texts:
            return []
        alone = _ids(self.tokenizer, texts)
        if not self.spaced:
            return alone
        mark = _ids(self.tokenizer, ["\n"])[0]
        after = _ids(self.tokenizer, ["\n" + text for text in texts])
        return [a[len(mark) :] if a[: len(mark)] == mark else ids for a, ids in zip(after, alone, strict=True)]


class Characters:
    """The distinct characters of texts, those of special tokens aside."""

    def __init__(self, special_tokens: Sequence[str]) -> None:
        self.seen = set[str]()
        self._special = [token for token in special_tokens if token]
        self._known = b""
        """Those of one byte, which are nearly all of a text and are taken out of it at once."""

    def add(self, rendered: Rendered) -> None:
        """Those of a prompt and its responses."""
        for text in (rendered.prompt, *rendered.responses):
            for token in self._special:
                text = text.replace(token, "")
            rest = text.encode("utf-8", "surrogatepass").translate(None, self._known)
            if rest:
                self.seen.update(rest.decode("utf-8", "surrogatepass"))
                self._known = "".join(c for c in self.seen if c.isascii()).encode()


class Unkept(NamedTuple):
    """Distinct characters of texts that do not come back from their tokens."""

    lost: int
    """Without a token: between two letters they vanish, or are the unknown token."""
    changed: int
    """Made into others, as by a normaliser that lowers all letters."""


def unkept_characters(tokenizer: PreTrainedTokenizerBase, characters: Iterable[str]) -> Unkept:
    """How many of the characters a tokenizer does not keep."""
    distinct, bare = sorted(set(characters)), _text(tokenizer, _ids(tokenizer, ["aa"])[0])
    between = [_text(tokenizer, ids) for ids in _ids(tokenizer, [f"a{character}a" for character in distinct])]
    unknown = tokenizer.unk_token
    lost = [text == bare or (isinstance(unknown, str) and unknown in text) for text in between]
    changed = [c not in text and not gone for c, text, gone in zip(distinct, between, lost, strict=True)]
    return Unkept(sum(lost), sum(changed))


def _ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Ids without anything added; the tokenizer's own BOS and EOS are ours to place."""
    if not texts:
        return []
    if (backend := _backend(tokenizer)) is not None:
        return [encoding.ids for encoding in backend.encode_batch_fast(list(texts), add_special_tokens=False)]
    return tokenizer(
        list(texts), add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False, verbose=False
    )["input_ids"]  # type: ignore[return-value]


def _backend(tokenizer: PreTrainedTokenizerBase) -> Any:
    """What does the work of a tokenizer of transformers' own, set as a call sets it; none for one that calls otherwise.

    Without the offsets that a call has made, in two thirds of its time.
    """
    from transformers import PreTrainedTokenizerFast as Own

    kind = type(tokenizer)
    if not issubclass(kind, Own) or (kind.__call__, kind._encode_plus) != (Own.__call__, Own._encode_plus):
        return None
    backend: Any = tokenizer.backend_tokenizer
    special = bool(tokenizer.split_special_tokens)
    backend.no_truncation()
    backend.no_padding()
    if backend.encode_special_tokens != special:
        backend.encode_special_tokens = special
    return backend


def _ids_with_offsets(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[Ids, list[tuple[int, int]]]:
    """Ids as `_ids`, and the characters of the text that each is of."""
    encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return encoding["input_ids"], [(begin, end) for begin, end in encoding["offset_mapping"]]  # type: ignore[return-value]


def _require_cover(text: str, offsets: Iterable[tuple[int, int]]) -> None:
    covered = {place for begin, end in offsets for place in range(begin, end)}
    left = [c for place, c in enumerate(text) if place not in covered and c.isprintable() and not c.isspace()]
    if left:
        raise BenchError(
            f"expected a token for every character of a response with spans, found {len(left)} too few in "
            f"{text[:60]!r}; take a tokenizer that has all characters, or leave the spans out"
        )


def _text(tokenizer: PreTrainedTokenizerBase, ids: Ids) -> str:
    return str(tokenizer.decode(ids))
