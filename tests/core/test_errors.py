"""Errors in the house's words."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError, ExitCode, Fault, suggestion, unknown_name


def test_a_fault_names_its_place_before_its_message():
    assert str(Fault("model.dtype", "expected text")) == "model.dtype: expected text"
    assert str(Fault("", "expected text")) == "expected text"


def test_all_faults_stand_in_one_message_with_their_count():
    faults = [Fault("a.b", "required, not given"), Fault("c", "unknown key")]
    error = BenchError.of_faults("recipes/bad.yaml", faults)
    assert str(error) == "recipes/bad.yaml: 2 problems\n  a.b: required, not given\n  c: unknown key"


def test_one_fault_is_one_problem():
    assert str(BenchError.of_faults("r.yaml", [Fault("a", "no")])).startswith("r.yaml: 1 problem\n")


def test_a_faulty_request_ends_with_two():
    assert BenchError("x").status == 2
    assert BenchError.of_faults("x", [Fault("a", "b")], exit_code=ExitCode.UNAVAILABLE).status == 5


def test_the_exit_codes_are_the_documented_ones():
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "GATE": 3,
        "INCOMPLETE": 4,
        "UNAVAILABLE": 5,
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [("smipo", " Did you mean 'simpo'?"), ("dpoo", " Did you mean 'dpo'?"), ("quantile_loss", ""), ("", "")],
)
def test_a_near_miss_is_suggested_and_a_far_one_is_not(name, expected):
    assert suggestion(name, ["dpo", "simpo", "ddo_rm"]) == expected


def test_an_unknown_name_comes_with_all_known_ones():
    error = unknown_name("method", "smipo", ["simpo", "dpo"])
    assert str(error) == "unknown method 'smipo'. Did you mean 'simpo'? Known: dpo, simpo."
    assert error.status == 2
