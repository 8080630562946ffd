"""Siblings as groups of responses and labels."""

from __future__ import annotations

import pytest

from benchbench.core.example import Message
from benchbench.core.search import SearchPrompt, Siblings, name_of, tokens_of, whole_response
from benchbench.trees.mcts import TreeSearch

from .forest import STOP, Forest, beam_of, mcts_of, spelled, step

PROMPT = SearchPrompt("test-00007", 2, (5, 6), (Message("user", "which letters?"),), {"answer": 4.0})
A, B = step("A", 0.5, is_final=False), step("B", 0.25, is_final=True)


def test_a_group_has_the_prefix_with_its_separators_and_the_prompts_columns():
    result = beam_of(Forest({"A": 1.0, "AA": 0.0, "AB": 2.0}), keep=1, depth=2)
    first, second = (siblings.group(PROMPT) for siblings in result.siblings)
    assert (first.prefix, second.prefix) == ((), (0, STOP))
    assert second.example == "test-00007" and second.round == 2 and second.prompt == (5, 6)
    assert [response.scored for response in second.responses] == [(0, STOP), (1, STOP)]
    assert second.columns == {"answer": 4.0} and not second.responses[0].is_cut


def test_labels_are_values_with_the_path_and_visits():
    labels = Siblings((), (A, B), 1, (0.25, 0.5), (3, 4)).labels()
    assert labels.scores == (0.25, 0.5) and labels.answers == 0
    assert labels.columns == {"on_path": (0.0, 1.0), "visits": (3.0, 4.0)}
    assert set(Siblings((), (A, B), 1, (0.25, 0.5)).labels().columns) == {"on_path"}


def test_names_and_tokens_of_a_prefix():
    assert name_of(()) == "root" and name_of((2, 0)) == "root.2.0"
    assert tokens_of((A, B)) == (0, STOP, 1, STOP)


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="for each of 2 continuations"):
        Siblings((), (A, B), 0, (1.0,))
    with pytest.raises(ValueError, match="for each of 2 continuations"):
        Siblings((), (A, B), 0, (1.0, 0.0), (1,))
    with pytest.raises(ValueError, match="from 0 to 1, got 2"):
        Siblings((), (A, B), 2, (1.0, 0.0))


def test_paths_are_whole_responses_with_the_separators_inside():
    result = beam_of(Forest({"A": 1.0, "B": 2.0, "AA": 3.0, "BB": 0.0}), keep=2, depth=2)
    group = result.paths(PROMPT)
    best, other = group.responses
    assert (best.tokens, best.end, best.text) == ((0, STOP, 0), STOP, "A A") and other.tokens == (1, STOP, 1)
    assert group.prefix == () and group.search_labels is not None
    assert group.search_labels.scores == (3.0, 0.0) and group.search_labels.columns == {"on_path": (1.0, 0.0)}


def test_a_path_that_the_search_cut_has_no_end():
    cut = whole_response(beam_of(Forest({"A": 1.0, "AA": 1.0}), keep=1, depth=1).path)
    assert cut.is_cut and (cut.tokens, cut.end, cut.finish) == ((0, STOP), None, "length")
    with pytest.raises(ValueError, match="got the root"):
        whole_response(())


def test_the_leaves_of_a_tree_search_are_where_it_went_no_further():
    result = mcts_of(Forest({"A": 0.5, "B": 0.6, "AA": 1.0, "BB": 0.3}), TreeSearch(iterations=20, depth=2))
    assert [spelled(leaf.prefix) for leaf in result.leaves] == ["AA", "BB"]
    assert spelled(result.path) in ("AA", "BB")
