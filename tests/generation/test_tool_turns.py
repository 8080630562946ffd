"""Responses of several turns, with an engine that says what a script says: calls by hand, limits, seeds, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from benchbench.core.errors import BenchError
from benchbench.core.generation import Generation, GenerationRequest, Sampling
from benchbench.core.tools import Tool
from benchbench.generation.control import ControlTokens
from benchbench.generation.tool_turns import ToolTurns, draw_turns, most_tokens
from benchbench.sources.arithmetic.calculator import CALCULATOR

WORDS = ("<pad>", "<eos>", "<user>", "ask", "calc", "7", "5", "2", "3", "plus", "times", "modulo", "10", "=", ".")
WORDS += ("answer", "error", "12", "6")


def tokenizer_of(words: Sequence[str]) -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<pad>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.add_special_tokens([word for word in words if word.startswith("<")])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="<eos>", clean_up_tokenization_spaces=False
    )


TOKENIZER = tokenizer_of(WORDS)
SAMPLING = Sampling(8, 1.0, 1.0, 0, 0.0, 1.0, (1,))
FIRST, SECOND = "calc 7 plus 5 modulo 10 =", "calc 2 times 3 modulo 10 ="
SCRIPT = {"ask": FIRST, f"ask {FIRST} 2 .": SECOND, f"ask {FIRST} 2 . {SECOND} 6 .": "answer 6 . <eos>"}


def ids(text: str) -> tuple[int, ...]:
    return tuple(WORDS.index(word) for word in text.split())


@dataclass
class ScriptedEngine:
    """Goes on as the script says, up to a token that stops it."""

    script: Mapping[str, str]
    requests: list[GenerationRequest] = field(default_factory=list)

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        self.requests += requests
        return [self._answer(request, sampling) for request in requests]

    def _answer(self, request: GenerationRequest, sampling: Sampling) -> Generation:
        text = self.script[" ".join(WORDS[i] for i in request.prompt)]
        tokens = ids(text)[: sampling.max_new_tokens + 1]
        answer = partial(Generation, request.example, request.sample)
        for place, token in enumerate(tokens):
            if token in sampling.stop_token_ids:
                return answer(tokens[:place], "stop", token)
        return answer(tokens[: sampling.max_new_tokens], "length")


def turns(calls: int = 4, tool: Tool = CALCULATOR) -> ToolTurns:
    return ToolTurns(tool, calls, TOKENIZER, ControlTokens.of(TOKENIZER, (), (1, WORDS.index("="))).cut)


def asked_for(*samples: int) -> list[GenerationRequest]:
    return [GenerationRequest("e", sample, ids("ask"), 100 + sample) for sample in samples]


def drawn(script: Mapping[str, str], calls: int = 4, tool: Tool = CALCULATOR) -> Generation:
    (response,) = turns(calls, tool).generate(ScriptedEngine(script), asked_for(0), SAMPLING)
    return response


def test_two_calls_and_the_answer_by_hand():
    """The calculator writes two tokens behind each call of seven; three words and EOS follow."""
    response = drawn(SCRIPT)
    assert response.tokens == ids(f"{FIRST} 2 . {SECOND} 6 . answer 6 .")
    assert response.observed == ((7, 9), (16, 18)) and response.drawn_tokens == 17
    assert [" ".join(WORDS[i] for i in response.tokens[a:b]) for a, b in response.observed] == ["2 .", "6 ."]
    assert (response.finish, response.end) == ("stop", 1)


def test_a_response_without_a_call_is_the_engines():
    engine = ScriptedEngine({"ask": "answer 6 . <eos>"})
    assert turns().generate(engine, asked_for(0), SAMPLING) == engine.generate(asked_for(0), SAMPLING)
    assert draw_turns(engine, None, asked_for(0), SAMPLING) == engine.generate(asked_for(0), SAMPLING)


def test_a_call_that_is_none_is_answered_with_an_error():
    response = drawn({"ask": "7 plus =", "ask 7 plus = error .": "answer 6 . <eos>"})
    assert response.tokens == ids("7 plus = error . answer 6 .") and response.observed == ((3, 5),)


def test_one_call_too_many_is_cut_there():
    response = drawn(SCRIPT, calls=1)
    assert response.tokens == ids(f"{FIRST} 2 . {SECOND}")
    assert (response.finish, response.end, response.observed) == ("length", None, ((7, 9),))


def test_a_turn_that_is_too_long_cuts_the_response():
    response = drawn({"ask": FIRST, f"ask {FIRST} 2 .": "7 " * 20})
    assert (response.finish, response.end, len(response.tokens)) == ("length", None, 7 + 2 + 8)


def test_nothing_goes_on_behind_a_control_token():
    script = {"ask": f"answer <user> {FIRST}"}
    sampling = replace(SAMPLING, max_new_tokens=12)
    (response,) = turns().generate(ScriptedEngine(script), asked_for(0), sampling)
    assert response.observed == ()
    cut = turns().cut(response)
    assert (cut.tokens, cut.finish, cut.end) == (ids("answer"), "control_token", WORDS.index("<user>"))


def test_what_stands_behind_a_cut_is_no_observation_any_more():
    cut = turns().cut(Generation("e", 0, ids(f"{FIRST} 2 . <user> = 2 ."), "length", None, ((7, 9), (11, 13))))
    assert cut.observed == ((7, 9),) and len(cut.tokens) == 9


def test_an_observation_that_is_too_long_is_an_error():
    tool = replace(CALCULATOR, answer=lambda call: "12 " * 9)
    response = drawn({"ask": FIRST, f"ask {FIRST} error .": "answer 6 . <eos>"}, tool=tool)
    assert response.tokens == ids(f"{FIRST} error . answer 6 .")


def test_the_first_turn_has_the_responses_seed_and_each_later_one_another():
    engine = ScriptedEngine(SCRIPT)
    turns().generate(engine, asked_for(0, 1), SAMPLING)
    seeds = [(request.sample, request.seed) for request in engine.requests]
    assert seeds[:2] == [(0, 100), (1, 101)] and len({seed for _, seed in seeds}) == len(seeds) == 6
    again = ScriptedEngine(SCRIPT)
    turns().generate(again, asked_for(1), SAMPLING)
    assert [seed for sample, seed in seeds if sample == 1] == [request.seed for request in again.requests]


def test_calls_end_the_turns_of_an_engine_and_the_longest_response_is_known():
    """Three turns of 8, two calls of one token and an observation of at most 8."""
    assert turns().of_turn(SAMPLING).stop_token_ids == (1, WORDS.index("="))
    assert turns(2).room(SAMPLING) == most_tokens(CALCULATOR, 2, 8) == 3 * 8 + 2 * 9


def test_a_tokenizer_without_the_end_of_a_call_is_refused():
    with pytest.raises(BenchError, match="calls end in '=', which is no single token of this tokenizer"):
        ToolTurns(CALCULATOR, 1, tokenizer_of([word for word in WORDS if word != "="]), lambda response: response)
