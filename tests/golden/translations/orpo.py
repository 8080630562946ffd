"""ORPO: beta is lambda there; one case is the odds-ratio term alone."""

from __future__ import annotations

from ..translation import Translation


def terms(case):
    """All terms, but for `orpo.B.or_term`."""
    return ("odds_ratio",) if case["id"] == "orpo.B.or_term" else ()


TRANSLATION = Translation(
    renamed={"lambda": "beta"},
    terms=terms,
    left_out={"orpo.B.prompt_nll": "TRL's likelihood term runs over prompt tokens too; ours, as the paper's, does not"},
)
