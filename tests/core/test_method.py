"""Methods as data."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Candidates, Column, Family, Method, Over, Paper, Term, terms_of


def test_a_plain_tensor_is_one_term_averaged_over_examples():
    values = torch.tensor([1.0, 2.0])
    assert terms_of(values) == {"loss": Term(values, Over.EXAMPLES)}


def test_named_terms_stay_as_they_are():
    terms = {"nll": Term(torch.tensor([1.0]), Over.RESPONSE_TOKENS), "preference": Term(torch.tensor([2.0]))}
    assert terms_of(terms) is terms


def test_a_paper_reads_as_a_citation():
    paper = Paper("Meng et al.", 2024, arxiv="2405.14734", equation="6")
    assert str(paper) == "Meng et al. 2024, arXiv:2405.14734, eq. 6"
    assert str(Paper("Ouyang et al.", 2022)) == "Ouyang et al. 2022"


@pytest.mark.parametrize(
    ("column", "allowed", "refused", "expected"),
    [
        (Column("p", low=0, high=1), (0.0, 0.5, 1.0), (-0.1, 1.1, math.inf, math.nan), "numbers in [0, 1]"),
        (Column("p", low=0), (0.0, 1e9), (-0.1, math.inf), "numbers of at least 0"),
        (Column("p", high=2.5), (-1e9, 2.5), (3.0, -math.inf), "numbers of at most 2.5"),
        (Column("p"), (-1e9, 1e9), (math.inf, -math.inf, math.nan), "finite numbers"),
    ],
)
def test_a_column_says_which_numbers_it_may_hold(column, allowed, refused, expected):
    assert all(map(column.allows, allowed)) and not any(map(column.allows, refused))
    assert column.expected == expected


def test_a_column_with_an_empty_range_is_refused():
    for low, high in ((1.0, 0.0), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="column 'p': expected low <= high"):
            Column("p", low=low, high=high)


@pytest.mark.parametrize(
    ("candidates", "roles", "read"),
    [
        (Candidates.PAIR, (), ("chosen", "rejected")),
        (Candidates.ONE, (), ()),
        (Candidates.ANY, (), ()),
        (Candidates.ANY, ("chosen", "rejected", "gold"), ("chosen", "rejected", "gold")),
    ],
)
def test_a_method_on_pairs_takes_the_pair_out_of_more_candidates(candidates, roles, read):
    assert replace(methods.get("dpo"), candidates=candidates, roles=roles).read_roles == read


def test_only_what_is_compared_needs_two_candidates():
    def fewest(candidates: Candidates, family: Family | None) -> int:
        made = Method(
            name="m", paper=Paper("A", 2024), hyper=object, loss=max, reward=max, candidates=candidates, family=family
        )
        return made.fewest_candidates

    assert fewest(Candidates.ANY, Family.POINTWISE) == fewest(Candidates.ONE, None) == 1
    assert fewest(Candidates.ANY, Family.LISTWISE) == fewest(Candidates.PAIR, Family.POINTWISE) == 2
    assert fewest(Candidates.ANY, None) == 2
