"""Embeddings of prompts as an input: whose weights make them, which prompts they are of, and what a batch has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample
from benchbench.models.prompt_embedding import embedded
from benchbench.stages.prompt_vectors import PromptVectors
from tests.training.toys import PAD, batches, examples, frozen

from .stages_of_a_cell import Roles, recipe

EXHIBIT, METHOD = inputs.get("prompt_embedding"), methods.get("relative_po")


def test_the_reference_embeds_them():
    assert EXHIBIT.plan(Roles(), Need.PROMPT_EMBEDDING) == {"anchor_policy": "sft/1"}
    assert EXHIBIT.plan(Roles(reference="base"), Need.PROMPT_EMBEDDING) == {}


def test_a_reference_whose_weights_cannot_be_had_is_a_fault():
    faults = EXHIBIT.faults(recipe(sft=None), METHOD, Need.PROMPT_EMBEDDING)
    assert [fault.where for fault in faults] == ["preference.reference"]
    assert EXHIBIT.faults(recipe(sft=object()), METHOD, Need.PROMPT_EMBEDDING) == []


def test_a_batch_has_the_vectors_of_its_examples():
    batch = batches(METHOD)(examples(3))
    vectors = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    loaded = PromptVectors({"e0": 1, "e1": 0, "e2": 1}, vectors)
    given = EXHIBIT.tensor(loaded, Pass(batch, None, None, torch.float64))
    assert given.dtype == torch.float64 and given.tolist() == [[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]]


def test_the_prompt_of_the_first_candidate_is_embedded_once(monkeypatch: pytest.MonkeyPatch):
    """Two examples share a prompt; of scored prompts the tokens before the response count."""

    def example(name: str, *rows: TokenizedCandidate) -> TokenizedExample:
        return TokenizedExample(name, rows, False, {})

    given = [
        example("a", TokenizedCandidate((1, 2, 3, 4), (2, 4)), TokenizedCandidate((7, 2, 5), (2, 3))),
        example("b", TokenizedCandidate((1, 2, 9), (2, 3))),
        example("c", TokenizedCandidate((6, 5, 4, 3), (1, 4), prompt_tokens=3)),
    ]

    class Context:
        """A stage of these examples."""

        settings = SimpleNamespace(on_empty_response="drop")

        def tokenizer(self) -> Any:
            return SimpleNamespace(pad_token_id=PAD)

        def tokenized(self, tokenizer: Any, *, on_empty: str) -> Any:
            assert on_empty == "drop"
            return SimpleNamespace(examples=given)

    monkeypatch.setattr("benchbench.stages.frozen.frozen_policy", lambda context, name: frozen())
    loaded = EXHIBIT.load(Context(), Need.PROMPT_EMBEDDING)  # type: ignore[arg-type]
    assert loaded.places == {"a": 0, "b": 0, "c": 1}
    torch.testing.assert_close(loaded.vectors, embedded(frozen(), [[1, 2], [6, 5, 4]], pad=PAD))
