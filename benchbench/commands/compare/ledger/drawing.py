"""What rows that draw for their training are planned to draw and to ask: in rounds, or while they train."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from benchbench import oracles, samplers, selectors
from benchbench.comparison.ledger import LedgerRow, OracleAnswers
from benchbench.core.rollout import DATA
from benchbench.plan.graph import Cell, EarlierTraining
from benchbench.plan.redraws import answered_prompts_count
from benchbench.plan.rounds import SAMPLER_OPTIONS, SELECTOR_OPTIONS
from benchbench.stages.preference.settings import OnlineSettings

AFTER_SELECTION = "updates follow from how many rows are selected; max_steps plans them"
REDRAWN = "prompts are redrawn in each round: how many differ is known afterwards"


def planned_rounds(
    row: LedgerRow, cell: Cell | EarlierTraining, examples: float, candidates: float, answers: float | None = None
) -> LedgerRow:
    """The row of a recipe with rounds.

    Args:
        row: as planned on a split, with the steps of one round.
        cell: with rounds.
        examples: of the split whose prompts are answered.
        candidates: of each of them.
        answers: that the oracle gave; none takes those that are planned.
    """
    section, loaded = cell.loaded.recipe.rounds, cell.loaded
    assert section is not None and loaded.recipe.preference is not None, "only recipes with both have rounds"
    count, of_round = section.count, section.prompts.per_round
    prompts = float(count * of_round if section.prompts.order == "disjoint" else of_round)
    drawn, beside = _responses(cell, candidates)
    is_planned = loaded.recipe.preference.max_steps is not None
    notes = [] if is_planned else [AFTER_SELECTION]
    if section.prompts.order == "redrawn":
        prompts = math.nan
        notes.append(REDRAWN)
    answered = float(answered_prompts_count(section))
    labelled = _labels(section.oracle.name, answered, drawn + beside, answers)
    if not drawn and oracles.get(section.oracle.name).gives == "nothing":  # rows of the split as they are
        labelled = (answered, {})
    return replace(
        row,
        source="rounds" if drawn else "split",
        split=section.prompts.split,
        prompts=min(prompts, examples) if not math.isnan(prompts) else prompts,
        responses=answered * drawn,
        generated_tokens=math.nan if drawn else 0.0,
        labels_human=row.labels_human + labelled[0],
        labels_oracle={**row.labels_oracle, **labelled[1]},
        steps=row.steps * count * section.fits if is_planned else math.nan,
        notes=(*row.notes, *notes),
    )


def planned_online(
    row: LedgerRow,
    online: OnlineSettings,
    split: str,
    *,
    examples: float,
    answered: float,
    answers: float | None = None,
) -> LedgerRow:
    """The row of a recipe that draws while it trains.

    Args:
        row: as planned on a split.
        online: settings of the stage.
        split: whose prompts are answered.
        examples: of that split.
        answered: prompts of all steps together.
        answers: that the oracle gave; none takes those that are planned.
    """
    prompts = answered / online.num_iterations
    responses = prompts * online.num_samples
    labelled: tuple[float, Mapping[str, OracleAnswers]] = (0.0, {})
    if online.oracle is not None:
        labelled = _labels(online.oracle.name, prompts, float(online.num_samples), answers)
    if not online.draws_rows:  # the split's own rows, with draws beside them
        labelled = (labelled[0] + row.prompts, labelled[1])
    return replace(
        row,
        source="online",
        split=split,
        prompts=min(prompts, examples),
        responses=responses,
        generated_tokens=math.nan,
        labels_human=row.labels_human + labelled[0],
        labels_oracle={**row.labels_oracle, **labelled[1]},
    )


def with_draws_beside(row: LedgerRow, online: OnlineSettings) -> LedgerRow:
    """The row of a recipe with rounds, with what it draws while it trains to the prompts of its rows."""
    return replace(
        row,
        source="rounds" if row.source == "rounds" else "online",
        responses=row.responses + row.updates * online.num_samples,
        generated_tokens=math.nan,
    )


def _responses(cell: Cell | EarlierTraining, candidates: float) -> tuple[float, float]:
    """(responses drawn to each prompt, candidates of the split beside them); NaN of a search, which finds its end."""
    section = cell.loaded.recipe.rounds
    assert section is not None, "a cell with rounds"
    if samplers.get(section.sampler.name).search is not None:
        return math.nan, 0.0
    arms = samplers.get(section.sampler.name).arms(cell.loaded.bound[SAMPLER_OPTIONS], section.sampler.num_samples or 0)
    drawn = float(sum(arm.samples for arm in arms if arm.source != DATA))
    data = [arm.samples or candidates for arm in arms if arm.source == DATA]
    selector, options = selectors.get(section.selector.name), cell.loaded.bound[SELECTOR_OPTIONS]
    if not data and selector.needs_data(options):
        data = [candidates]
    return drawn, float(sum(data))


def _labels(
    name: str, prompts: float, responses: float, answers: float | None
) -> tuple[float, Mapping[str, OracleAnswers]]:
    """(labels of people, answers by oracle) of an oracle that is asked of so many responses to each prompt.

    An oracle that compares may compare as many pairs as it likes; of two responses there is one. Whose labels they are
    is what the oracle says that it stands for.
    """
    oracle = oracles.get(name)
    if oracle.gives == "nothing":
        return 0.0, {}
    of_prompt = responses if oracle.gives == "scores" else 1.0 if responses == 2 else math.nan
    number = prompts * of_prompt if answers is None else answers
    return (number, {}) if oracle.kind == "human" else (0.0, {name: OracleAnswers(oracle.gives, number)})
