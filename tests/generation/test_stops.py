"""Which tokens end a response, and what the record says of them."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from benchbench.core.errors import BenchError
from benchbench.data.turn_end import TurnEnd
from benchbench.generation.stops import Stops, all_stops, named_stops


def tokenizer(eos: str | None = "</s>") -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.WordLevel({"a": 0, "b": 1, "<unk>": 2}, unk_token="<unk>"))
    made = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<pad>", eos_token=eos)
    made.add_special_tokens({"additional_special_tokens": ["<end>"]})
    return made


def ids(*tokens: str) -> list[int]:
    return tokenizer().convert_tokens_to_ids(list(tokens))


def origins_of(stops: Stops) -> dict[str, tuple[str, ...]]:
    return {stop.token: stop.origins for stop in stops.tokens}


def test_every_stop_says_all_that_names_it():
    eos, end = ids("</s>", "<end>")
    stops = all_stops(tokenizer(), TurnEnd((end,)), configured=[end, eos], own_tokenizer=True)
    assert origins_of(stops) == {
        "</s>": ("EOS", "generation_config.json"),
        "<end>": ("generation_config.json", "template"),
    }
    assert stops.ids == (eos, end), "EOS first"
    assert str(stops.tokens[1]) == f"<end> ({end}; generation_config.json, template)"
    assert Stops.from_json(stops.as_json()) == stops


def test_ids_of_a_model_with_another_tokenizer_are_taken_only_where_they_are_control_tokens():
    """Token 0 is the model's end, and the word "a" of the tokenizer that the recipe puts in its place."""
    (end,) = ids("<end>")
    other = all_stops(tokenizer(), TurnEnd(), configured=[0, end, 999], own_tokenizer=False)
    assert set(origins_of(other)) == {"</s>", "<end>"}
    assert other.notes == (
        "generation_config.json names 0, which is ordinary text in the tokenizer; left out",
        "generation_config.json names 999, which is no token of the tokenizer; left out",
    )
    assert set(origins_of(all_stops(tokenizer(), TurnEnd(), configured=[0], own_tokenizer=True))) == {"</s>", "a"}


def test_a_turn_that_ends_in_words_is_reported():
    stops = all_stops(tokenizer(), TurnEnd(text="END"), configured=[], own_tokenizer=True)
    assert set(origins_of(stops)) == {"</s>"} and "plain text ('END')" in stops.notes[0]


def test_the_recipe_names_tokens_beside_eos():
    assert origins_of(named_stops(["b", "</s>"], tokenizer())) == {
        "</s>": ("EOS", "recipe"),
        "b": ("recipe",),
    }
    with pytest.raises(BenchError, match="expected tokens of the tokenizer, got <no>, c"):
        named_stops(["<no>", "b", "c"], tokenizer())


def test_without_eos_no_response_would_end():
    with pytest.raises(BenchError, match="no EOS token"):
        all_stops(tokenizer(None), TurnEnd((4,)), configured=[4], own_tokenizer=True)
