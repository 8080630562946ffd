"""Methods as data."""

from __future__ import annotations

import torch

from benchbench.core.method import Over, Paper, Term, terms_of


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
