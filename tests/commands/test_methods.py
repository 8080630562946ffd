"""`bench methods ls | show`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness import bench

from benchbench import methods
from benchbench.commands import methods as command
from benchbench.core.errors import BenchError
from benchbench.core.method import Family


def test_ls_has_a_row_per_method_with_paper_needs_and_variants():
    rows = {row["method"]: row for row in bench("methods", "ls", "--json").json}
    assert tuple(rows) == methods.names()
    assert "arXiv:2305.18290" in rows["dpo"]["paper"]
    assert rows["dpo"]["needs"] == "reference"
    assert rows["simpo"]["needs"] == "-"
    assert rows["ddo_rm"]["needs"] == "reward"
    assert rows["ddo_rm"]["candidates"] == "any"
    assert rows["ipo"]["variants"] == "default, mean, sum"
    assert rows["dpo"]["family"] == "pairwise"
    assert rows["sami"]["needs"] == "roles"
    assert rows["oreo_step"]["needs"] == "distribution, head, reference, reward, spans"
    assert (rows["d3po_twin"]["status"], rows["dro_twin"]["status"]) == ("twin, form unverified", "twin")


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("simpo", "needs: the policy only"),
        ("tpo_triple", "needs: roles (gold chosen rejected)"),
        ("dph", "needs: head (for each response)"),
        ("spo_degree", "roles (chosen rejected 6 degraded)"),
        ("bmc", "needs: reference, spans (unchanged)"),
        ("dpo_joint", "needs: reference, log-probabilities of prompts"),
    ],
)
def test_show_says_everything_that_a_method_reads(name: str, needs: str):
    assert needs in " ".join(bench("methods", "show", name).out.split())


@pytest.mark.parametrize("name", methods.names())
def test_show_prints_equation_paper_needs_and_every_hyper_parameter_at_80_columns(name: str):
    shown = bench("methods", "show", name, "--json").json
    for field in shown["hyper"]:
        assert len(field["meaning"]) > 10, field["name"]
    for part in ("paper", "description", "loss", "equation", "family"):
        assert shown[part]
    out = bench("methods", "show", name).out
    assert shown["paper"] in out
    assert all(line in out for line in shown["equation"].splitlines())
    for field in shown["hyper"]:
        assert f"\n{field['name']} = {field['default']}  (" in out
    for variant in shown["variants"]:
        assert f"variant {variant}:" in out
    for place in shown["differs"]:
        assert place.split(",")[0].split()[0] in out
    assert max(map(len, out.splitlines())) <= 82, "an equation of 80 columns is indented by two"


@pytest.mark.parametrize("name", ["grpo", "rloo", "dpo"])
def test_what_a_hyper_parameter_takes_is_said_in_words(name: str):
    values = [field["values"] for field in bench("methods", "show", name, "--json").json["hyper"]]
    assert values and not [text for text in values if "|" in text or "None" in text or "float" in text]


def test_an_unknown_name_gets_a_suggestion():
    ended = bench("methods", "show", "dpoo")
    assert ended.code == 2
    assert "unknown method 'dpoo'. Did you mean" in ended.err


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety methods; every third is unverified, every tenth a twin, one cannot be imported."""
    real = [methods.get(name) for name in ("dpo", "gdpo", "ddo_rm", "sft")]
    known = [f"method_of_a_long_name_{number:02}" for number in range(90)]

    def pretended(name: str, *, file: str | None = None):
        number = int(name.rpartition("_")[2])
        if number == 89:
            raise ImportError("No module named 'elsewhere'")
        changes = {"name": name}
        changes |= {"open_question": "Which mean?"} if number % 3 == 0 else {}
        changes |= {"twin_of": "A loss on images."} if number % 10 == 1 else {}
        return replace(real[number % 4], **changes)

    monkeypatch.setattr(methods, "get", pretended)
    monkeypatch.setattr(methods, "names", lambda: tuple(known))
    monkeypatch.setattr(methods, "installed", lambda: ())


def test_ninety_methods_fit_80_columns_with_their_marks(marked: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = bench("methods", "ls").out
    table = out.partition("form unverified:")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert all(f"method_of_a_long_name_{number:02}" in table for number in range(90)), "no name is broken"
    assert "bench methods show NAME" in out and "twin: a text form" in out
    assert "broken: ImportError: No module named 'elsewhere'" in " ".join(out.split())


def test_filters_leave_what_passes_all_of_them(marked: None):
    def left(**wanted: object) -> list[int]:
        return [int(row["method"][-2:]) for row in command.list_methods(command.MethodFilter(**wanted))]

    assert left(family="listwise") == [n for n in range(89) if n % 4 == 2]
    assert left(family="pairwise", needs=("reference",), status="form unverified") == [
        n for n in range(89) if n % 4 in (0, 1) and n % 3 == 0
    ]
    assert left(needs=("p_chosen", "reference")) == [n for n in range(89) if n % 4 == 1]
    assert left(status="twin") == [n for n in range(89) if n % 10 == 1]
    assert left(status="broken") == [89]
    assert left(needs=("-",), status="verified") == [n for n in range(89) if n % 4 == 3 and n % 3 and n % 10 != 1]


@pytest.mark.parametrize(
    ("option", "word", "said"),
    [
        ("--family", "pairwize", "unknown family 'pairwize'. Did you mean 'pairwise'?"),
        ("--needs", "referense", "unknown need 'referense'. Did you mean 'reference'?"),
        ("--status", "unverified", "Did you mean"),
    ],
)
def test_a_filter_that_nothing_passes_is_refused(option: str, word: str, said: str):
    ended = bench("methods", "ls", option, word)
    assert ended.code == 2 and said in ended.err


def test_every_family_can_be_asked_for():
    for family in Family:
        command.list_methods(command.MethodFilter(family=family.value))
    with pytest.raises(BenchError):
        command.list_methods(command.MethodFilter(family="none"))
