"""What a verdict depends on, and that it is still so when the verdict is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.identity import Since
from benchbench.core.judge import missing_settings
from benchbench.judging.identity import check_identity, judge_identity

from .judges import Counting, Options


def test_a_judge_that_is_what_it_was_passes_and_another_is_named():
    judge = Counting().judge
    planned = judge_identity(judge, Options(), Path())
    check_identity(judge, Options(pace=7), Path(), planned)
    edited = replace(judge, identity=lambda options, folder: {"file": "cd34"})
    with pytest.raises(BenchError, match=r"judge.options.pace \(3\): expected the content that it had when this run"):
        check_identity(edited, Options(), Path(), planned)
    with pytest.raises(BenchError, match="judge counting: its code was changed since this run was planned"):
        check_identity(replace(judge, version=2), Options(), Path(), planned)


@dataclass(frozen=True)
class LaterOptions(Options):
    """Options of a judge that got one more."""

    strict: Annotated[bool, Since("2026-11-28", before=False)] = False


def test_an_option_that_joined_later_moves_nothing_at_the_value_that_means_what_was_done_before():
    """Else every answer that was paid for is asked again."""
    judge = replace(Counting().judge, options=LaterOptions)
    before = judge_identity(Counting().judge, Options(), Path())
    assert judge_identity(judge, LaterOptions(), Path()) == before
    assert judge_identity(judge, LaterOptions(strict=True), Path())["options"] == {**before["options"], "strict": True}


def test_what_becomes_of_missing_verdicts_counts_where_it_is_not_the_default():
    judge = Counting().judge
    assert missing_settings(judge, Options(pace=7)) == {}
    assert missing_settings(judge, Options(lenient=True)) == {"lenient": True}
    identities = [judge_identity(judge, one, Path()) for one in (Options(), Options(lenient=True))]
    assert identities[0] == identities[1], "answers are kept under the same name"
