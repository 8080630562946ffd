"""`--level`: numbers for all checks, for one, and what is no level."""

from __future__ import annotations

import pytest

from benchbench.commands.audit.levels import is_fault, parse_levels
from benchbench.core.errors import BenchError
from benchbench.data.finding import CHECKS


def test_without_any_the_built_in_ones_hold():
    assert parse_levels([]) == {name: check.level for name, check in CHECKS.items()}


def test_a_number_is_for_every_check_of_faults_and_a_name_for_its_own():
    levels = parse_levels(["tied_scores=0.5", "0.02"])
    assert levels["tied_scores"] == 0.5
    assert levels["leaked_prompts"] == levels["doubled_bos"] == 0.02
    kept = [name for name, check in CHECKS.items() if not is_fault(check)]
    assert kept == ["repeated_prompts", "length_bias"]
    assert all(levels[name] == CHECKS[name].level for name in kept)
    assert parse_levels(["length_bias=0.1"])["length_bias"] == 0.1


def test_all_faults_come_in_one_message():
    with pytest.raises(BenchError) as refused:
        parse_levels(["1.5", "much", "tied_score=0.1", "leaked_prompts=nan", "0.1"])
    message = str(refused.value)
    assert message.startswith("command line: 4 problems")
    assert "'1.5'" in message and "'much'" in message and "'leaked_prompts=nan'" in message
    assert "Did you mean 'tied_scores'?" in message
