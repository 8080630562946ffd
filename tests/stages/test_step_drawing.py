"""Steps as a search is given them: drawn under names, each different one once, valued as far as they have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchbench.core.example import Message
from benchbench.core.generation import EngineInfo, Generation, GenerationRequest, Sampling
from benchbench.core.search import Expansion, SearchPrompt, StepSearch
from benchbench.core.source import StepState, StepValues
from benchbench.generation.stops import separator_ids
from benchbench.stages.rollout.searching import groups_of_search
from benchbench.stages.rollout.steps import StepDrawer, StepEnds
from benchbench.trees.driver import searched_together
from benchbench.trees.step_beam import step_beam

from .scripted import word_tokenizer

EOS, YES, NO, MAYBE = 1, 7, 8, 9
SAMPLING = Sampling(3, 1.0, 1.0, 0, 0.0, 1.0, (EOS, MAYBE))


@dataclass
class Scripted:
    """An engine whose answers follow from a request's number of steps and its sample."""

    answers: Mapping[int, Sequence[tuple[tuple[int, ...], int | None]]]
    """Prompt length -> what each sample is, and what ended it."""
    requests: list[GenerationRequest] = field(default_factory=list)
    calls: int = 0

    def load(self, model: object) -> None: ...

    def generate(self, requests: Sequence[GenerationRequest], sampling: Sampling) -> list[Generation]:
        self.calls += 1
        self.requests += requests
        drawn = [(request, *self.answers[len(request.prompt)][request.sample]) for request in requests]
        return [Generation(r.example, r.sample, t, "length" if end is None else "stop", end) for r, t, end in drawn]

    def info(self) -> EngineInfo:
        raise NotImplementedError

    def close(self) -> None: ...


def value(prompt: Sequence[Message], text: str, state: StepState) -> float:
    """Ended texts are worth more than open ones, these more than cut ones; a tenth for each word."""
    return {"ended": 2.0, "open": 1.0, "cut": 0.0}[state] + len(text.split()) / 10


def drawer(engine: Scripted) -> StepDrawer:
    return StepDrawer(
        engine=engine,
        sampling=SAMPLING,
        samples=3,
        ends=StepEnds(frozenset({MAYBE}), frozenset({EOS})),
        cut=lambda answer: answer,
        values=StepValues("maybe", value),
        source="policy",
        seed=5,
        tokenizer=word_tokenizer(),
        logps=None,
    )


def prompt(name: str, *tokens: int) -> SearchPrompt:
    return SearchPrompt(name, 2, tokens, (Message("user", "?"),), {"answer": 1.0})


ANSWERS = {
    1: [((YES,), MAYBE), ((YES,), MAYBE), ((NO, NO, NO), None)],
    3: [((), EOS), ((NO,), MAYBE), ((), EOS)],
}


def test_steps_that_are_alike_are_one_and_each_is_what_its_end_says():
    of = drawer(Scripted(ANSWERS))
    ((children,),) = of.children([(prompt("a", 2), Expansion(((),), ("root",)))])
    (first, first_value), (second, second_value) = children
    assert (first.response.scored, first.response.text, first.is_final) == ((YES, MAYBE), "yes maybe", False)
    assert second.response.is_cut and second.is_final and second.response.scored == (NO, NO, NO)
    assert (first_value, second_value) == (1.2, 0.3)
    assert of.drawn == {"a": 3} and of.tokens == {"a": 5}


def test_draws_are_named_by_seed_round_example_node_and_sample():
    seeds = []
    for node, round_number in (("root", 2), ("root", 2), ("root.0", 2), ("root", 3)):
        engine = Scripted(ANSWERS)
        of_round = SearchPrompt("a", round_number, (2,), (Message("user", "?"),))
        drawer(engine).children([(of_round, Expansion(((),), (node,)))])
        seeds.append([request.seed for request in engine.requests])
    assert seeds[0] == seeds[1] and len(set(seeds[0])) == 3
    assert not {*seeds[0]} & {*seeds[2]} and not {*seeds[0]} & {*seeds[3]}


def test_searches_go_on_together_and_find_what_each_finds_alone():
    search = StepSearch(lambda: step_beam(keep=2, depth=2), depth=2, most=lambda k: k, reads_logps=False)
    prompts = [prompt("a", 2), prompt("b", 3)]
    engine = Scripted(ANSWERS)
    of = drawer(engine)
    together = searched_together(
        [search.start() for _ in prompts], lambda asked: of.children([(prompts[i], wanted) for i, wanted in asked])
    )
    assert engine.calls == 2, "one call for each depth, whatever the number of searches"
    alone = drawer(Scripted(ANSWERS))
    (again,) = searched_together([search.start()], lambda asked: alone.children([(prompts[1], w) for _, w in asked]))
    assert groups_of_search(search, prompts[1], again) == groups_of_search(search, prompts[1], together[1])
    first, second = groups_of_search(search, prompts[0], together[0])
    assert second.prefix == (YES, MAYBE) and [r.scored for r in second.responses] == [(EOS,), (NO, MAYBE)]
    assert first.search_labels is not None and second.search_labels is not None
    assert (first.search_labels.answers, second.search_labels.answers) == (4, 0), (
        "the first counts what the search asked for"
    )
    assert first.columns == {"answer": 1.0} and first.round == 2


def test_the_separator_is_every_token_that_reads_like_it():
    assert separator_ids(word_tokenizer(), "maybe") == {MAYBE}
    assert separator_ids(word_tokenizer(), "may") == frozenset()
