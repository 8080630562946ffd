"""Every method on four axes: what it learns from, how, what holds it back, and what of the policy it acts on.

Liu et al. 2025, arXiv:2503.11701, order variants of DPO by data strategy, learning framework, constraint mechanism and
model property. The tags here follow from what a method declares, so that none is written by hand; the survey's own
values on each axis were not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchbench import methods
from benchbench.core.analysis import Analysed, Analysis, Inputs, NoOptions, ResultTable
from benchbench.core.method import Candidates, Family, Method, Need
from benchbench.core.paper import Paper

DATA = {
    Candidates.ONE: "demonstrations",
    Candidates.PAIR: "pairs",
    Candidates.ANY: "lists",
    Candidates.LABELLED: "single responses with labels or rewards",
}
CONSTRAINTS = {
    Need.REFERENCE.name: "frozen reference",
    Need.ANCHORS.name: "several frozen references",
    Need.LIVE_REFERENCE.name: "reference that follows the policy",
    Need.PREVIOUS.name: "policy of the round before",
    Need.BEHAVIOUR.name: "policy that drew the responses",
    Need.DISTRIBUTION.name: "divergence of whole next-token distributions",
}
"""Name of an input -> what holds the policy back by it."""
AXES = ("data strategy", "learning framework", "constraint mechanism", "model property")


def analyse(inputs: Inputs, options: NoOptions) -> Analysed:
    """The tags of every method on each axis, and how many methods have a tag."""
    del inputs, options
    tags = {name: axes_of(methods.get(name)) for name in methods.names()}
    rows = [{"method": name, **{axis: "; ".join(tags[name][axis]) for axis in AXES}} for name in tags]
    counted = [(axis, Counter(tag for axes in tags.values() for tag in axes[axis])) for axis in AXES]
    counts = [
        {"axis": axis, "tag": tag, "methods": number}
        for axis, counter in counted
        for tag, number in sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    ]
    notes = [f"{len(rows)} methods, by what they declare; a method may have several tags on an axis"]
    return Analysed([ResultTable("tags", "Tags", counts), ResultTable("methods", "Methods", rows)], notes)


def axes_of(method: Method) -> dict[str, Sequence[str]]:
    """Axis -> the tags of a method on it, at least one."""
    needs = {need.name for need in method.needs}
    data = [DATA[method.candidates] if not method.roles else f"roles {', '.join(method.roles)}"]
    data += [f"column {name}" for name in method.column_names]
    data += ["spans of tokens"] if method.token_weights else []
    framework = [(method.family or Family.PAIRWISE).value]
    framework += ["reward model or reward column"] if Need.REWARD.name in needs else []
    fresh = Need.FRESH.name in needs or method.on_policy
    framework += ["responses drawn from the policy"] if fresh else []
    framework += ["state from step to step"] if method.carried is not None else []
    framework += ["examples of a step together"] if method.coupled else []
    constraint = [words for name, words in CONSTRAINTS.items() if name in needs] or ["none declared"]
    policy = (
        ["never pays to lower the chosen log-probability"]
        if method.monotone_in_chosen
        else ["may lower the chosen log-probability"]
    )
    policy += ["a head beside the policy"] if method.head is not None else []
    policy += ["a second policy beside it"] if Need.RIVAL.name in needs else []
    states = {Need.ACTIVATIONS.name, Need.PROMPT_EMBEDDING.name, Need.PROMPT_CLASS.name}
    policy += ["hidden states"] if states & needs else []
    return dict(zip(AXES, (data, framework, constraint, policy), strict=True))


ANALYSIS = Analysis(
    name="method_axes",
    title="Every method on the four axes of a survey of DPO",
    paper=Paper(
        "Liu et al.", 2025, arxiv="2503.11701", title="A Survey of Direct Preference Optimization", note="Not read."
    ),
    analyse=analyse,
    open_question="The survey's own values on its axes were not read; the tags are ours.",
)
