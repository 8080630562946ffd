"""What is assumed of a recipe whose data or weights are not on this machine, so that it can still be planned.

A plan that is made so says which stages there are and how they follow from each other. Its keys are no stage's keys,
and nothing of it can run.
"""

from __future__ import annotations

from pathlib import Path

from benchbench import methods
from benchbench.core.hashing import fingerprint
from benchbench.core.method import Candidates
from benchbench.core.split_shape import SplitShape
from benchbench.plan.prepared import Prepared
from benchbench.recipe.load import Loaded
from benchbench.recipe.schema import REWARD_MODEL
from benchbench.store.prepared import PreparedData

Weights = tuple[str | None, str, int | None, bool]
"""(folder, content hash, tokens of context, whether attention is capped)."""


def assumed_data(loaded: Loaded, score_split: str | None) -> tuple[PreparedData, str]:
    """Splits of the names that the recipe's sections have, without anything in them, and a key that none is under.

    Args:
        loaded: the recipe.
        score_split: scored in the place of the recipe's own.
    """
    names = [name for name in (*named_splits(loaded), score_split) if name is not None]
    key = _assumed(loaded, "data")
    hashes = {name: _assumed(loaded, f"split {name}") for name in names}
    shapes = {name: SplitShape(0, _candidates(loaded), {}) for name in names}
    return PreparedData(Path(), hashes, {"splits": {}, "overlaps": []}, shapes, {}), key


def assumed_weights(loaded: Loaded) -> Weights:
    """Weights of an unknown folder and content, which read as many tokens as the recipe asks for."""
    return "", _assumed(loaded, "weights"), None, False


def assumed_tokenizer(loaded: Loaded) -> tuple[str, str]:
    """A tokenizer of an unknown folder and content."""
    return "", _assumed(loaded, "tokenizer")


def assumptions(prepared: Prepared, loaded: Loaded) -> list[str]:
    """What was not here and what is assumed of it, a line each; none where everything is here."""
    if not prepared.missing:
        return []
    splits = ", ".join(named_splits(loaded))
    return [
        *missing_lines(prepared),
        f"assumed: splits {splits} with all that methods read, lengths and templates that fit; all of it is checked "
        "before anything is trained",
        "planned from the recipe alone: which stages there are, not which of them are finished",
    ]


def missing_lines(prepared: Prepared) -> list[str]:
    """What was not here and why, a line each."""
    return [" ".join(reason.split()) for reason in prepared.missing]


def named_splits(loaded: Loaded) -> list[str]:
    """The splits that the sections of a recipe name, in the order of the stages."""
    recipe = loaded.recipe
    training = recipe.model.train_tokenizer
    sections = (training, recipe.sft, recipe.reward_model, recipe.preference, recipe.score, recipe.generate)
    return list(dict.fromkeys(section.split for section in sections if section is not None))


def _candidates(loaded: Loaded) -> list[int]:
    name = loaded.recipe.method.name
    labelled = name != REWARD_MODEL and methods.get(name).candidates is Candidates.LABELLED
    return [1] if labelled else [2]


def _assumed(loaded: Loaded, what: str) -> str:
    """A hash that no content has."""
    sections = {name: section for name, section in loaded.values().items() if name in ("data", "model")}
    return fingerprint({"assumed": what, **sections})
