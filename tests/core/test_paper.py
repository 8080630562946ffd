"""Papers: what a reference says, and that all exhibits cite one paper in one way."""

from __future__ import annotations

import re
from collections import defaultdict

from benchbench import analyses, methods, oracles, reward_objectives, samplers, selectors, shaping, transforms
from benchbench.core.paper import Paper

ROOMS = (analyses, methods, oracles, reward_objectives, samplers, selectors, shaping, transforms)
PAPERS = {
    f"{room.__name__.rpartition('.')[2]}.{name}": paper
    for room in ROOMS
    for name in room.names()
    if (paper := room.get(name).paper) is not None
}
"""What every exhibit cites; one that is nobody's cites nothing."""


def test_a_reference_names_authors_year_id_and_equation():
    assert (
        str(Paper("Lee et al.", 2024, arxiv="2401.00001", equation="3")) == "Lee et al. 2024, arXiv:2401.00001, eq. 3"
    )
    assert str(Paper("Lee", 1952)) == "Lee 1952"


def test_every_paper_has_a_title():
    assert [name for name, paper in PAPERS.items() if not paper.title] == []


def test_a_paper_is_of_the_year_of_its_arxiv_id():
    """2404.02078 is of April 2024."""
    dated = {name: paper for name, paper in PAPERS.items() if paper.arxiv}
    assert {name: paper.year for name, paper in dated.items() if paper.year != 2000 + int(paper.arxiv[:2])} == {}


def test_one_paper_has_one_title_and_the_same_authors_wherever_it_is_cited():
    cited = defaultdict(set)
    for paper in PAPERS.values():
        if paper.arxiv:
            cited[paper.arxiv].add((paper.authors, paper.title))
    assert {arxiv: ways for arxiv, ways in cited.items() if len(ways) > 1} == {}


def test_authors_are_people():
    """A project, a method or an institute is no author."""
    alone = {paper.authors for paper in PAPERS.values() if not re.search(r" et al\.$| and ", paper.authors)}
    assert alone == {"Mitchell", "Rho"}, "papers of one author"
