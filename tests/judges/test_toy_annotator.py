"""The judge with the toy annotator's taste."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench import sources
from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest
from benchbench.judges.toy_annotator import JUDGE, ToyAnnotatorOptions

from .contests import contest, verdicts

LAMBDA = 0.6


@pytest.mark.parametrize("flip_rate", [0.0, 0.2])
def test_a_verdict_is_the_probability_of_the_data_s_own_label(flip_rate: float):
    source = sources.get("toy")
    made = source.options(demonstrations=1, preference_prompts=200, length_bias=LAMBDA, flip_rate=flip_rate)
    examples = source.load(made, Path())["train"]
    given = [Contest(one.id, 0, one.prompt, *one.candidates) for one in examples]
    found = [verdict.first_wins for verdict in verdicts(JUDGE, ToyAnnotatorOptions(LAMBDA, flip_rate), given)]
    assert found == pytest.approx([one.columns["p_chosen"] for one in examples], abs=1e-15)


def test_a_filler_is_worth_what_length_bias_says():
    """Four words more, gold 0.3 less: at 0.3 the annotator is indifferent, above it the filler wins."""
    source = sources.get("toy")
    example = source.load(source.options(demonstrations=1, preference_prompts=1), Path())["train"][0]
    plain = example.candidates[0]
    one = Contest(example.id, 0, example.prompt, f"{plain} that was nice .", plain)
    shares = [verdicts(JUDGE, ToyAnnotatorOptions(length_bias=bias), [one])[0].first_wins for bias in (0.0, 0.3, 0.6)]
    assert shares == pytest.approx([1 / (1 + 2.718281828459045**0.6), 0.5, 1 / (1 + 2.718281828459045**-0.6)])


@pytest.mark.parametrize("given", [{"length_bias": float("nan")}, {"flip_rate": 1.5}])
def test_a_fault_out_of_range_is_refused(given: dict[str, float]):
    with pytest.raises(ValueError, match=f"{next(iter(given))}: expected a number from"):
        ToyAnnotatorOptions(**given)


def test_other_worlds_are_refused_by_name():
    with pytest.raises(BenchError, match="judge toy_annotator: example e7 is not of the toy world"):
        verdicts(JUDGE, ToyAnnotatorOptions(), [contest("a", "b", example="e7")])
