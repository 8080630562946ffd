"""What a prompt set asks of a recipe that answers it, and the other way round."""

from __future__ import annotations

from benchbench.core.errors import Fault
from benchbench.plan.prompt_sets import PreparedPrompts
from benchbench.recipe.load import Loaded


def prompt_faults(loaded: Loaded, prompts: PreparedPrompts) -> list[Fault]:
    """A recipe that answers nothing or several times, a set of two turns, or one without responses to compare with."""
    section, judge = loaded.recipe.generate, loaded.recipe.judge
    faults: list[Fault] = []
    if section is None:
        faults.append(Fault("generate", "--prompts: expected a generate section, which says how responses are drawn"))
    else:
        faults += sample_faults(loaded)
    if prompts.prompts.turns > 1:
        faults.append(
            Fault(
                "--prompts",
                "compare judges single answers, and this file's prompts have two turns; draw the answers with "
                "bench eval --prompts and take them to the tool of this format with bench export",
            )
        )
    if judge is not None and "chosen" in judge.against and not prompts.prompts.has_responses:
        others = ", ".join(name for name in judge.against if name != "chosen") or "baseline"
        faults.append(
            Fault(
                "judge.against",
                "expected 'chosen' only with responses in the prompt file (`output` in AlpacaEval's format, "
                f"`response` in our own), found rows without; add --set 'judge.against=[{others}]'",
            )
        )
    return faults


def sample_faults(loaded: Loaded) -> list[Fault]:
    """Several responses to each prompt, where a prompt file is answered once each."""
    section = loaded.recipe.generate
    if section is None or section.num_samples == 1:
        return []
    return [
        Fault(
            "generate.num_samples",
            f"expected 1 with --prompts, which draws one answer to each prompt, found {section.num_samples}; "
            "add --set generate.num_samples=1",
        )
    ]
