"""What a recipe's stages and its method ask of the data and do not find there, before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchbench import methods, metrics
from benchbench.core.errors import BenchError, Fault
from benchbench.core.method import Candidates, Column, Method
from benchbench.data.column_shape import LABEL
from benchbench.data.prompts import first_prompts
from benchbench.judging.chosen import chosen_responses
from benchbench.plan.checks.columns import FOUND, column_faults, read_split, value_faults
from benchbench.plan.checks.model_columns import trained_shape
from benchbench.plan.checks.parts import role_faults, span_faults
from benchbench.plan.checks.reward_model import reward_model_faults
from benchbench.plan.checks.shapes import listed, order_faults, pair_faults
from benchbench.plan.judge_stages import CHOSEN
from benchbench.recipe.load import Loaded
from benchbench.recipe.online import PromptSplit, draws_rows
from benchbench.recipe.schema import REWARD_MODEL, SFT, Recipe
from benchbench.store.prepared import PreparedData


def split_faults(recipe: Recipe, data: PreparedData, score_split: str | None) -> list[Fault]:
    """Splits that the recipe names, or the command scores instead, and that are not there or empty."""
    wanted: dict[str, str] = {"score.split": recipe.score.split}
    for name in ("sft", "reward_model", "preference", "generate"):
        section = getattr(recipe, name)
        if section is not None:
            wanted[f"{name}.split"] = section.split
    if recipe.online is not None and isinstance(recipe.online.prompts, PromptSplit):
        wanted["online.prompts.split"] = recipe.online.prompts.split
    if recipe.rounds is not None:
        wanted["rounds.prompts.split"] = recipe.rounds.prompts.split
    if recipe.reward_model is not None and recipe.reward_model.drawn is not None:
        wanted["reward_model.drawn.prompts.split"] = recipe.reward_model.drawn.prompts.split
    if recipe.model.train_tokenizer is not None:
        wanted["model.train_tokenizer.split"] = recipe.model.train_tokenizer.split
    if score_split is not None:
        wanted["split"] = score_split
    there = ", ".join(sorted(data.hashes))
    faults: list[Fault] = []
    for key, split in wanted.items():
        if split not in data.hashes:
            faults.append(Fault(key, f"the data has no split '{split}'; it has {there}"))
        elif not data.shapes[split].examples:
            faults.append(Fault(key, f"split '{split}' is empty"))
    return faults


def data_faults(recipe: Recipe, data: PreparedData, score_split: str | None) -> list[Fault]:
    """Shapes, orders and columns that a stage before preference training cannot use; every named split is there."""
    faults = _sft_faults(recipe, data)
    faults += pair_faults("score.split", score_split or recipe.score.split, data)
    faults += _metric_faults(score_split or recipe.score.split, data)
    return faults + reward_model_faults(recipe, data, score_split or recipe.score.split)


def trained_faults(loaded: Loaded, data: PreparedData) -> list[Fault]:
    """Shapes, labels, orders and columns of what preference training reads that the method cannot use."""
    recipe = loaded.recipe
    if recipe.preference is None or recipe.method.name in (SFT, REWARD_MODEL) or recipe.rounds is not None:
        return []  # rows of rounds are the selector's affair
    method = methods.get(recipe.method.name)
    if draws_rows(recipe.online, method):
        return []  # prompts are all that it reads of the split
    split, reward = recipe.preference.split, recipe.preference.reward
    shape, faults = trained_shape(loaded, data)
    if shape is None:
        return faults
    data = replace(data, shapes={**data.shapes, split: shape})
    faults += _preference_faults(split, method, loaded.bound["method.hyper"], data)
    for column in method.columns:
        faults += column_faults(method.name, column, split, data, key="preference.split", missing_key="method.name")
    if method.need("reward") and reward.column is not None:
        faults += _reward_faults(reward.column, split, data)
    return faults


def chosen_faults(recipe: Recipe, data: PreparedData) -> list[Fault]:
    """Prompts whose data have no one preferred response, where the judge compares answers with it."""
    if recipe.judge is None or recipe.generate is None or CHOSEN not in recipe.judge.against:
        return []
    split = recipe.generate.split
    shape = data.shapes[split]
    if not shape.ordered:
        obstacle = f"split '{split}' has more than one candidate, in no order; set generate.split to a split of pairs"
        return [Fault("judge.against", f"expected a preferred response; {obstacle}, or judge.against to [baseline]")]
    if max(shape.candidates) <= 2 and not shape.labels.get("false"):
        return []
    try:
        chosen_responses({e.id: e for e in first_prompts(read_split(data, split), recipe.generate.num_prompts)})
    except BenchError as error:
        return [Fault("", str(error))]
    return []


def length_faults(recipe: Recipe, context_tokens: int | None) -> list[Fault]:
    """Lengths that the model cannot read; a sequence as long would stop a stage half-way."""
    if context_tokens is None:
        return []
    lengths: dict[str, int] = {}
    for name in ("sft", "reward_model", "preference", "score"):
        section = getattr(recipe, name)
        if section is not None:
            has_own_length = section.max_length is not None
            key = f"{name}.max_length" if has_own_length else "tokenization.max_length"
            lengths[key] = section.max_length if has_own_length else recipe.tokenization.max_length
    limit = f"expected at most {context_tokens}, which is all that the model reads at once (max_position_embeddings)"
    return [Fault(key, f"{limit}, got {length}") for key, length in lengths.items() if length > context_tokens]


def _sft_faults(recipe: Recipe, data: PreparedData) -> list[Fault]:
    if recipe.sft is None:
        return []
    split = recipe.sft.split
    labels = data.shapes[split].labels
    if labels and not labels["true"]:
        return [Fault("sft.split", f"expected examples labelled true, found none in split '{split}'")]
    return order_faults("sft.split", split, data)


def _metric_faults(split: str, data: PreparedData) -> list[Fault]:
    """Columns that a metric would read for each response, and that say something of the pair."""
    faults: list[Fault] = []
    for name in metrics.names():
        for column in metrics.get(name).columns:
            shape = data.shapes[split].columns.get(column)
            per = metrics.get(name).columns_per
            if shape is not None and shape.per != per:
                message = f"metric '{name}' reads one number per {per}, column '{column}' has {FOUND[shape.per]}"
                faults.append(Fault("score.split", f"{message}; mend it, or keep it under another name (rename)"))
    return faults


def _preference_faults(split: str, method: Method, hyper: Any, data: PreparedData) -> list[Fault]:
    shape = data.shapes[split]
    counts, faults = set(shape.candidates), span_faults(method, split, shape)
    shape_of_split = f"split '{split}' has {listed(counts)} candidates"
    if method.roles or (shape.roles and method.read_roles):
        faults += role_faults(method, split, shape)
    elif method.candidates is Candidates.PAIR and counts != {2}:
        faults.append(Fault("preference.split", f"'{method.name}' takes pairs, {shape_of_split}"))
    elif method.candidates is Candidates.LABELLED:
        if counts != {1}:
            split_them = "data.transforms: [{name: unpaired_from_pairs}] makes two labelled responses of each pair"
            message = f"'{method.name}' takes single responses, {shape_of_split}; {split_them}"
            faults.append(Fault("preference.split", message))
    elif method.candidates is not Candidates.ANY:
        faults += order_faults("preference.split", split, data)
    elif min(counts) < method.fewest_candidates:
        faults.append(Fault("preference.split", f"'{method.name}' takes two candidates or more, {shape_of_split}"))
    elif method.is_coupled(hyper) and len(counts) > 1:
        together = f"'{method.name}' compares the examples of a step with each other"
        faults.append(Fault("preference.split", f"expected equally many candidates: {together}; {shape_of_split}"))
    judged_alone = method.candidates is Candidates.LABELLED  # by a reward, where not by the label
    if shape.labels and LABEL not in method.column_names and not judged_alone:
        message = f"'{method.name}' does not read labels (thumbs up or down), which split '{split}' has"
        faults.append(Fault("preference.split", f"{message}; take a split of pairs or candidates"))
    return faults


def _reward_faults(name: str, split: str, data: PreparedData) -> list[Fault]:
    columns = data.shapes[split].columns
    if name in columns and columns[name].per != "example":
        return value_faults("preference.reward.column", Column(name, per="candidate"), split, data)
    have = ", ".join(known for known, shape in columns.items() if shape.per == "candidate") or "none"
    message = f"expected a column with one number per candidate, split '{split}' has {have}; got '{name}'"
    return [Fault("preference.reward.column", message)]
