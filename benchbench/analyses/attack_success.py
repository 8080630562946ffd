"""How often attacks succeed, and how often harmless prompts are refused.

Wang et al. 2025, arXiv:2504.02193 (More is Less), among many: the attack success rate is the share of harmful prompts
to which a model does not refuse. It says nothing of a model that refuses everything, so the refusals of harmless
prompts stand beside it. A prompt with several responses counts once, by their mean. Verdicts of a judge are read from
`refused`; without them a rule of phrases decides.
"""

from __future__ import annotations

from typing import Any

from benchbench.analyses import _attacks as attacked
from benchbench.analyses._attacks import is_harmless, prompts_of, rate_line, refusal_rates
from benchbench.analyses._totals import ALL, refuse_group_all
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, RowField, RowsInput
from benchbench.core.paper import Paper

PROMPTS = RowsInput(
    "prompts",
    "A prompt: without this file all are harmful and of one group.",
    (
        attacked.PROMPT_ID,
        RowField("group", "label", "Kind of attack or topic, for a row of its own.", optional=True),
        attacked.HARMLESS,
    ),
    optional=True,
    rest=True,
)


def analyse(inputs: Inputs, options: Any) -> Analysed:
    """Attack success and refusals of harmless prompts, over all and by group.

    Raises:
        BenchError: responses without a verdict and without a text, or to prompts that are not there.
    """
    rates, notes = refusal_rates(inputs["responses"])
    known = prompts_of(rates, inputs.get("prompts") or [{"id": name} for name in rates])
    groups = [str(row["group"]) for row in known.values() if row.get("group") is not None]
    refuse_group_all("prompts", "group", groups)
    table = []
    for name in (ALL, *dict.fromkeys(groups)):
        members = {k: row for k, row in known.items() if name in (ALL, str(row.get("group")))}
        attacks = [1 - rates[k] for k, row in members.items() if not is_harmless(row)]
        refused = [rates[k] for k, row in members.items() if is_harmless(row)]
        for what, values in (("attack success", attacks), ("refused although harmless", refused)):
            table += [{"group": name, "what": what, **rate_line(values)}] if values else []
    return Analysed([ResultTable("rates", "Attack success", table)], [attacked.ASR, *notes])


ANALYSIS = Analysis(
    name="attack_success",
    title="How often attacks succeed, and harmless prompts are refused",
    paper=Paper(
        "Wang et al.",
        2025,
        arxiv="2504.02193",
        title="More is Less: The Pitfalls of Multi-Model Synthetic Preference Data in DPO Safety Alignment",
    ),
    analyse=analyse,
    inputs=(attacked.RESPONSES, PROMPTS),
    open_question="Only abstracts could be read: the paper's attacks and its judge are not reproduced.",
)
