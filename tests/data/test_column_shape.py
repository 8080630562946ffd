"""What is known of a split's columns without reading it."""

from __future__ import annotations

import math

from benchbench.core.example import Column, Example, Message, Span
from benchbench.core.split_shape import ColumnShape, SplitShape
from benchbench.data.column_shape import columns_of, split_shape

NAN = math.nan


def example(**columns: Column) -> Example:
    return Example("e", (Message("user", "q"),), ("a", "b"), None, None, columns)


def test_ratings_and_labels_are_columns_as_tokenising_makes_them():
    rated = Example("e", (Message("user", "q"),), ("a", "b"), (2.0, 1.0), None, {"p": 0.5})
    assert columns_of(rated) == {"p": 0.5, "score": (2.0, 1.0)}
    liked = Example("e", (Message("user", "q"),), ("a",), None, True)
    assert columns_of(liked) == {"label": 1.0}


def test_a_column_is_summed_up_by_kind_range_and_gaps():
    shape = split_shape(
        [
            example(p=0.5, gold=(1.0, 2.0), some=1.0, empty=NAN, mixed=1.0),
            example(p=NAN, gold=(NAN, NAN), empty=NAN, mixed=(1.0, 2.0)),
            example(p=0.25, gold=(-3.0, NAN), empty=NAN, mixed=NAN),
        ],
        ordered=False,
    )
    assert shape == SplitShape(
        3,
        [2],
        {
            "empty": ColumnShape("example", None, None, 3),
            "gold": ColumnShape("candidate", -3.0, 2.0, 2),
            "mixed": ColumnShape("mixed", 1.0, 2.0, 1),
            "p": ColumnShape("example", 0.25, 0.5, 1),
        },
        {},
        False,
    )


def test_labels_are_counted():
    labelled = [Example(str(i), (Message("user", "q"),), ("a",), None, i < 2) for i in range(5)]
    shape = split_shape(labelled, ordered=True)
    assert shape.labels == {"true": 2, "false": 3}
    assert shape.columns == {"label": ColumnShape("example", 0.0, 1.0)}


def test_nothing_has_no_shape():
    assert split_shape([], ordered=True) == SplitShape(0, [], {})


def test_roles_and_spans_are_counted_where_there_are_some():
    """A pair without roles is chosen and rejected, three candidates without are nothing."""
    texts = ("a", "b", "c")
    spans = {"mask": ((), (), ()), "weight": ((Span(0, 1, 2.0),), (), ())}
    triple = Example("e", (Message("user", "q"),), texts, roles=("gold", "chosen", "rejected"), spans=spans)
    shape = split_shape([example(), triple, triple, Example("e", triple.prompt, texts)], ordered=True)
    assert shape.roles == {"chosen, rejected": 1, "gold, chosen, rejected": 2, "": 1} and shape.spans == {"weight": 2}
    assert split_shape([example()], ordered=True).roles == {} and split_shape([example()], ordered=True).spans == {}
