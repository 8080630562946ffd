"""What every loss says in logic: its worlds that win and lose, which losses say the same, and which say more.

Richardson et al. 2024, arXiv:2412.17696. A pair has four worlds: both responses are right (wl), the chosen one alone
(w), the rejected one alone (l), neither (-). A loss falls in rho = log P(wins) - log P(losses), with a reference less
the same of the reference. Structures are not declared: each loss of the methods room is taken on responses of one
token, and a structure is its own where the gradients of loss and rho are parallel at every point. One implies another,
and under the same link its loss is never below the other's, if what wins in it wins there and what loses there loses
in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from benchbench import methods
from benchbench.analyses._worlds import Match, listed, structure_of, structures
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row
from benchbench.core.paper import Paper

TITLE = "Understanding the Logic of Direct Preference Alignment through Logic"
_YES_NO = ("no", "yes")


def analyse(inputs: Inputs, options: Any) -> Analysed:
    """Every term of every loss of a pair with its structure, the structures and their order, and equal losses."""
    from benchbench.contract.pair_gradients import not_of_a_pair, pair_gradients, random_log_probabilities

    log_p, lines, others = random_log_probabilities(), [], {}
    matches: dict[tuple[str, str], Match] = {}
    for name in methods.names():
        method = methods.get(name)
        reason = not_of_a_pair(method)
        if reason:
            others.setdefault(reason, []).append(name)
            continue
        for term, (_, slopes) in pair_gradients(method, log_p).items():
            touched = (slopes != 0).any(dim=0)
            match = structure_of(slopes.numpy(), log_p.numpy()) if touched[0] and touched[1] else None
            lines.append({"method": name, "term": term, **_described(match, touched.tolist())})
            if match is not None:
                matches[name, term] = match
    kinds = list({(match.structure, match.has_reference): match for match in matches.values()}.values())
    tables = [
        ResultTable("structures", "Structures", [_structure(match, matches) for match in kinds]),
        ResultTable("implications", "Which structure implies which", list(_implications(kinds))),
        ResultTable("same", "Equal losses, at default hyper-parameters", list(_same(lines))),
        ResultTable("terms", "Terms of losses", lines),
        ResultTable("others", "Losses that are not of a pair alone", _others(others)),
    ]
    without, left = sum(line["structure"] == "none" for line in lines), sum(map(len, others.values()))
    notes = [
        "core: where a world counts on one side alone; conditions: worlds that count; ambiguous: on both sides",
        "falls: in rho, at every point that was tried; lengths are out of sight on responses of one token",
        f"of {len(lines)} terms {len(matches)} have a structure, {without} are no function of one rho, the rest are of "
        f"one side; {left} methods read more than a pair; {len(structures())} of 4^(2^2) = 256 structures have a rho",
    ]
    return Analysed(tables, notes)


def _described(match: Match | None, touched: Sequence[bool]) -> Row:
    if match is not None:
        about = {"structure": match.structure.text, "reference": _YES_NO[match.has_reference]}
        return about | {"falls": "always" if match.always_falls else "to a target"}
    sides = [side for side, is_touched in zip(("chosen", "rejected"), touched, strict=False) if is_touched]
    alone = f"{sides[0]} alone" if len(sides) == 1 else "none"
    return {"structure": alone, "reference": _YES_NO[any(touched[2:])], "falls": "-"}


def _structure(match: Match, matches: Mapping[tuple[str, str], Match]) -> Row:
    key, structure = (match.structure, match.has_reference), match.structure
    alike = [name for (name, _), other in matches.items() if (other.structure, other.has_reference) == key]
    return {
        "structure": structure.text,
        "reference": _YES_NO[match.has_reference],
        "core": "l implies w" if structure.is_implication else "another",
        "conditions": listed(structure.wins | structure.losses),
        "ambiguous": listed(structure.wins & structure.losses) or "-",
        "methods": ", ".join(alike),
    }


def _implications(kinds: Sequence[Match]) -> Iterator[Row]:
    for match, other in permutations(kinds, 2):
        if match.has_reference == other.has_reference and match.structure.implies(other.structure):
            texts = {"structure": match.structure.text, "implies": other.structure.text}
            yield texts | {"reference": _YES_NO[match.has_reference]}


def _same(lines: Sequence[Row]) -> Iterator[Row]:
    """Groups of methods whose losses are equal on random responses of several tokens."""
    from benchbench.contract.pair_gradients import pair_losses

    groups: list[tuple[Any, list[str]]] = []
    for name in dict.fromkeys(line["method"] for line in lines):
        values = pair_losses(methods.get(name)).numpy()
        equal = [names for other, names in groups if np.allclose(values, other, rtol=1e-9, atol=1e-12)]
        if equal:
            equal[0].append(name)
        else:
            groups.append((values, [name]))
    return ({"methods": ", ".join(names)} for _, names in groups if len(names) > 1)


def _others(others: Mapping[str, Sequence[str]]) -> list[Row]:
    return [
        {"reads": reason, "methods": len(each), "names": ", ".join(each)} for reason, each in sorted(others.items())
    ]


ANALYSIS = Analysis(
    name="logic_table",
    title="What every loss says in logic: equivalences and implications",
    paper=Paper("Richardson et al.", 2024, arxiv="2412.17696", title=TITLE),
    analyse=analyse,
    open_question="Only summaries could be read: the paper's own table of formulas was not compared.",
)
