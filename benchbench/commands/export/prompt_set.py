"""Which prompts an export is of, where the user names no file: what every policy has answered."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.commands.evaluate.responses import Policies, asked_stages
from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.prompt_set import PromptSet
from benchbench.plan.graph import Cell
from benchbench.plan.prompt_sets import PreparedPrompts, prompt_sets, split_prompts
from benchbench.store.runs import RunStore


def drawn_set(form: str, cells: Sequence[tuple[Policies, Cell]], store: RunStore) -> PreparedPrompts | None:
    """The one prompt set that every cell has answered, of the export's own format before any other.

    Raises:
        BenchError: there are several.
    """

    def answered(prompts: PreparedPrompts) -> bool:
        specs = [spec for policies, cell in cells for spec in asked_stages(policies, cell, prompts)]
        return all(store.is_done(spec.key) for spec in specs)

    drawn = [policies.session.plan.stages[str(cell.generate)].settings.generate for policies, cell in cells]
    if any(section.num_samples > 1 for section in drawn):
        return None  # a prompt file is answered once each
    answered_sets = [prompts for prompts in prompt_sets(store.root) if answered(prompts)]
    answered_sets = [prompts for prompts in answered_sets if prompts.prompts.format == form] or answered_sets
    if len(answered_sets) > 1:
        listed = "; ".join(
            f"{len(prompts.prompts.prompts)} prompts of format {prompts.prompts.format}" for prompts in answered_sets
        )
        raise BenchError(f"{form}: several prompt sets were answered ({listed}); name the file with --prompts")
    return answered_sets[0] if answered_sets else None


def own_prompts(cells: Sequence[tuple[Policies, Cell]]) -> PromptSet:
    """The prompts of the setting's own split, which are the same for all cells.

    Raises:
        BenchError: targets of settings with other prompts.
    """
    by_content: dict[str, PromptSet] = {}
    for policies, cell in cells:
        section = cell.loaded.recipe.generate
        assert section is not None
        data = policies.session.prepared[0].data
        key = fingerprint([data.hashes[section.split], section.num_prompts])
        by_content.setdefault(key, split_prompts(data, section.split, section.num_prompts))
    if len(by_content) > 1:
        raise BenchError("the targets answer different prompts; draw all to one file with bench eval --prompts FILE")
    return next(iter(by_content.values()))
