"""fraction: exact shares, nested, drawn from the seed; a mix of groups first."""

from __future__ import annotations

import pytest

from benchbench import transforms

from .toys import ids, pair, transformed

EXAMPLES = [pair(f"x{i}", group=float(i % 4)) for i in range(100)]


def staying(fraction: float, seed: int = 0, examples=EXAMPLES, **options) -> list[str]:
    return ids(transformed("fraction", examples, seed, fraction=fraction, **options)[0])


def test_a_larger_fraction_keeps_the_same_examples_and_some_more():
    subsets = [staying(fraction) for fraction in (0.01, 0.1, 0.29, 0.5, 1.0)]
    assert [len(subset) for subset in subsets] == [1, 10, 29, 50, 100]
    for smaller, larger in zip(subsets, subsets[1:], strict=False):
        assert set(smaller) < set(larger)
    assert subsets[-1] == ids(EXAMPLES)


def test_the_order_stays_and_another_seed_draws_others():
    subset = staying(0.3)
    assert subset == sorted(subset, key=lambda name: int(name[1:]))
    assert set(subset) != set(staying(0.3, seed=1))


def test_an_example_draws_by_its_id_wherever_it_stands():
    assert set(staying(0.3, examples=EXAMPLES[::-1])) == set(staying(0.3))


def test_what_is_left_out_is_counted_and_part_of_an_example_is_none():
    become, counts = transformed("fraction", EXAMPLES[:5], fraction=0.5)
    assert len(become) == 2 and counts.dropped == {"outside the fraction": 3}


def test_a_mix_is_a_fraction_of_the_groups_that_are_named():
    become, counts = transformed("fraction", EXAMPLES, fraction=0.2, column="group", values=[0, 3])
    assert {example.columns["group"] for example in become} <= {0.0, 3.0} and len(become) == 10
    assert counts.dropped == {"of another group": 50, "outside the fraction": 40}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"fraction": 0.0}, "fraction: expected"),
        ({"fraction": 1.5}, "fraction: expected"),
        ({"fraction": 0.5, "column": "group"}, "values: expected together with column"),
        ({"fraction": 0.5, "values": [1]}, "values: expected together with column"),
    ],
)
def test_options_that_are_none_are_refused(options, said: str):
    with pytest.raises(ValueError, match=said):
        transforms.get("fraction").options(**options)
