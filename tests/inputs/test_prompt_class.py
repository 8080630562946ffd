"""How probable a label is at each prompt: the classifier, what it refuses, and what a batch has of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from benchbench import inputs, methods
from benchbench.core.errors import BenchError
from benchbench.core.input import Pass
from benchbench.core.method import Need
from benchbench.core.seeding import stream
from benchbench.inputs.prompt_class import PromptClasses, class_probabilities
from tests.training.toys import batches, examples

from .stages_of_a_cell import Roles, recipe

EXHIBIT, METHOD = inputs.get("prompt_class"), methods.get("bco_udm")


def test_it_is_a_balanced_logistic_regression_of_every_response():
    """Of scikit-learn, with a row for each response: 3 prompts with two labels each, in numbers that differ."""
    vectors = stream(1, "vectors").normal(size=(12, 3))
    vectors = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    labelled = stream(2, "counts").integers(0, 6, size=(2, 12)).astype(float)
    rows = np.repeat(np.tile(np.arange(12), 2), labelled.ravel().astype(int))
    classes = np.repeat([0, 1], labelled.sum(axis=1).astype(int))
    theirs = LogisticRegression(class_weight="balanced", tol=1e-10, max_iter=10_000).fit(vectors[rows], classes)
    expected = theirs.predict_proba(vectors)[:, 1]
    assert class_probabilities(vectors, labelled) == pytest.approx(expected, abs=1e-5)


def test_equal_prompts_on_both_sides_say_nothing():
    vectors = stream(1, "vectors").normal(size=(5, 3))
    assert class_probabilities(vectors, np.array([[1.0] * 5, [3.0] * 5])).tolist() == [0.5] * 5


@pytest.mark.parametrize(("labelled", "wanting"), [([[0.0], [2.0]], "undesirable"), ([[2.0], [0.0]], "desirable")])
def test_one_label_alone_is_refused(labelled: list[list[float]], wanting: str):
    with pytest.raises(BenchError, match=f"column 'label'.*found none that is {wanting}"):
        class_probabilities(np.ones((1, 2)), np.array(labelled))


def test_the_reference_embeds_and_a_batch_has_the_probabilities_of_its_examples():
    assert EXHIBIT.plan(Roles(), Need.PROMPT_CLASS) == {"anchor_policy": "sft/1"}
    assert [fault.where for fault in EXHIBIT.faults(recipe(sft=None), METHOD, Need.PROMPT_CLASS)] == [
        "preference.reference"
    ]
    batch = batches(methods.get("dpo"))(examples(3))
    loaded = PromptClasses({"e0": 0.25, "e1": 0.5, "e2": 0.75})
    assert EXHIBIT.tensor(loaded, Pass(batch, None, None, torch.float64)).tolist() == [0.25, 0.5, 0.75]
