"""Which column of a file is which, and what is said where one is missing."""

from __future__ import annotations

import pytest

from benchbench.comparison.reported.columns import FileSelection, places, selection


def read(header: str, *columns: str, where: tuple[str, ...] = ()) -> tuple[dict[str, int], str]:
    """(place of each column, all faults)."""
    chosen, faults = selection(columns, where)
    found, missing = places(header.split(","), chosen)
    return found, "\n".join(map(str, faults + missing))


def test_columns_are_read_by_their_names():
    found, faults = read("method,value,spread,spread_type,k,note")
    assert (found, faults) == ({"method": 0, "value": 1, "spread": 2, "spread_type": 3, "k": 4}, "")


def test_seeds_and_type_are_other_names_where_the_first_are_not_there():
    assert read("method,value,spread,type,seeds")[0] == {"method": 0, "value": 1, "spread": 2, "spread_type": 3, "k": 4}
    assert read("method,value,seeds,k")[0]["k"] == 3


def test_a_unit_and_usual_names_need_no_option():
    """The header of a real file: `seeds` lists seeds there, their number is `n_seeds`."""
    found, faults = read("table,method,value_pct,sd_pct,sd_ddof,n_seeds,seeds")
    assert (found, faults) == ({"method": 1, "value": 2, "sd": 3, "ddof": 4, "k": 5}, "")


def test_a_name_without_a_unit_goes_before_one_with_it():
    assert read("method,value,value_pct,spread,sd_pct,k")[0] == {"method": 0, "value": 1, "spread": 3, "k": 5}
    assert "expected one column of spreads, found sd, se" in read("method,value_pct,sd_pct,se_pct,k")[1]


def test_a_command_line_names_columns_of_any_file():
    found, faults = read("who,acc,sd,acc_sd,n_seeds", "method=who", "value=acc", "sd=acc_sd", "k=n_seeds")
    assert (found, faults) == ({"method": 0, "value": 1, "sd": 3, "k": 4}, "")


def test_of_two_columns_of_spreads_the_named_one_is_read():
    assert (
        "expected one column of spreads, found sd, se; --columns sd=sd chooses one" in read("method,value,sd,se,k")[1]
    )
    assert read("method,value,sd,se,k", "se=se")[0] == {"method": 0, "value": 1, "se": 3, "k": 4}


@pytest.mark.parametrize(
    ("columns", "where", "said"),
    [
        (("value",), (), "--columns: expected NAME=COLUMN, as in value=accuracy; found 'value'"),
        (("valu=acc",), (), "found 'valu'. Did you mean 'value'?"),
        (("k=seed", "k=runs"), (), "k is given twice, as 'seed' and 'runs'; keep one"),
        (("value=acuracy",), (), "expected a column of the file, found 'acuracy'. Did you mean 'accuracy'?"),
        ((), ("table",), "--where: expected COLUMN=VALUE, as in table=main; found 'table'"),
        ((), ("tabel=main",), "--where: expected a column of the file, found 'tabel'. Did you mean 'table'?"),
        (
            (),
            (),
            "expected a column value, found none; --columns value=COLUMN names another. Columns: method, accuracy",
        ),
    ],
)
def test_what_is_not_there_is_said_with_the_way_out(columns, where, said):
    assert said in read("method,accuracy,k,table", *columns, where=where)[1]


def test_values_of_one_column_are_alternatives():
    assert selection([], ["method=DPO", "method=IPO", "size=7B"])[0] == FileSelection(
        {}, {"method": ("DPO", "IPO"), "size": ("7B",)}
    )
