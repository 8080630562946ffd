"""`bench audit data`: duplicates, leaks, ties, length bias, cuts and templates of a recipe's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchbench.commands.audit.levels import parse_levels
from benchbench.commands.resolve import resolve
from benchbench.comparison.stats.bounded import rate_interval
from benchbench.core.clusters import over_prompts, prompt_numbers
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Example
from benchbench.data.finding import Bounds, DataFinding, above, finding
from benchbench.data.leak_checks import PromptList, all_leaks, prompt_list
from benchbench.data.near_duplicates import SIMILARITY, WORDS
from benchbench.data.prompt_files import read_prompt_file
from benchbench.data.row_checks import Longer, longer_preferred, row_findings
from benchbench.data.serial import from_json
from benchbench.data.token_checks import token_findings
from benchbench.data.tokenizer import load_prepared_tokenizer
from benchbench.plan.checks.data import split_faults
from benchbench.plan.prepare import prepare_texts
from benchbench.plan.prepared import PreparedTexts
from benchbench.plan.tokenization import Read, held_out_reads, trained_reads
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import parse_overrides


@dataclass(frozen=True)
class DataRequest:
    """Whose data are looked at, and from which share on a finding is too much."""

    target: str
    setting: str | None = None
    overrides: Sequence[str] = ()
    prompts: Sequence[Path] = ()
    """Files of prompts that are held out, too."""
    levels: Sequence[str] = ()


@dataclass(frozen=True)
class AuditPlan:
    """What will be looked at, which follows from the recipe alone."""

    loaded: Loaded
    trained: tuple[Read, ...]
    held_out: tuple[Read, ...]
    files: tuple[PromptList, ...]
    levels: Mapping[str, float]
    """Check -> largest share of examples that passes."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Every split that a section of the recipe reads, once."""
        return tuple(dict.fromkeys(read.split for read in (*self.trained, *self.held_out)))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the audit takes for granted, in lines."""
        recipe = self.loaded.recipe
        files = [f"{prompts.name} ({len(prompts.ids)} prompts)" for prompts in self.files]
        transforms = f", after {len(recipe.data.transforms)} transforms" if recipe.data.transforms else ""
        limits: dict[str, list[str]] = {}
        for read in (*self.trained, *self.held_out):
            limits.setdefault(_limit(read), []).append(read.stage)
        return (
            f"data: {recipe.data.source}{transforms}",
            f"trained on: {_by_split(self.trained)}",
            f"held out: {', '.join([_by_split(self.held_out), *files])}",
            "lengths: " + "; ".join(f"{limit} ({', '.join(stages)})" for limit, stages in limits.items()),
            f"near: prompts whose word {WORDS}-grams have a Jaccard index of {SIMILARITY:g} or more, turns of the "
            "system left out, since all prompts may share them",
            "preferred: the first candidate, as the columns and ratings of the data order them",
        )


@dataclass(frozen=True)
class DataAudit:
    """A finished audit, or what could be looked at of it."""

    plan: AuditPlan
    findings: tuple[DataFinding, ...]
    not_looked_at: tuple[str, ...]
    """What could not be looked at and why, in lines; none where everything was."""

    def verdict(self) -> BenchError | None:
        """How the command ends: exit code 3 above a level, 5 where something could not be looked at."""
        too_many = above(self.findings)
        if too_many:
            lines = [f"{each.check}, {each.where}: {each.graded:.1%} above {each.level:.1%}" for each in too_many]
            noun = "finding is" if len(lines) == 1 else "findings are"
            message = "\n".join([f"{len(lines)} {noun} above the level:", *(f"  {line}" for line in lines)])
            return BenchError(message, exit_code=ExitCode.GATE)
        if self.not_looked_at:
            message = "\n".join(["not audited:", *(f"  {line}" for line in self.not_looked_at)])
            return BenchError(message, exit_code=ExitCode.UNAVAILABLE)
        return None


def plan_audit(request: DataRequest) -> AuditPlan:
    """What the audit of a recipe looks at; the data need not be here.

    Raises:
        BenchError: no such recipe, level or prompt file, or one that is faulty.
    """
    levels = parse_levels(request.levels)
    loaded = resolve(request.target, setting=request.setting, overrides=parse_overrides(request.overrides))
    files = [
        prompt_list(path.name, ((prompt.id, prompt.messages) for prompt in read_prompt_file(path).prompts))
        for path in request.prompts
    ]
    recipe = loaded.recipe
    return AuditPlan(loaded, tuple(trained_reads(recipe)), tuple(held_out_reads(recipe)), tuple(files), levels)


def audit_data(plan: AuditPlan, root: Path) -> DataAudit:
    """Look at everything that is here.

    Args:
        plan: what to look at.
        root: the `runs/` folder, where prepared data are.

    Raises:
        BenchError: data or a template that are not as the recipe says.
    """
    prepared = prepare_texts(plan.loaded, root)
    if prepared.data is None:
        return DataAudit(plan, (), prepared.missing)
    faults = split_faults(plan.loaded.recipe, prepared.data, None)
    if faults:
        raise BenchError.of_faults(str(plan.loaded.path), faults)
    examples = {split: [from_json(line) for line in prepared.data.lines(split)] for split in plan.splits}
    findings = [*_text_findings(plan, examples), *_token_findings(plan, examples, prepared)]
    levelled = tuple(replace(each, level=plan.levels[each.check]) for each in findings)
    reasons = [f"{reason} (cuts and templates)" for reason in prepared.missing]
    return DataAudit(plan, levelled, tuple(reasons))


def _text_findings(plan: AuditPlan, examples: Mapping[str, Sequence[Example]]) -> list[DataFinding]:
    """Leaks, then what each split has by itself."""
    lists = {name: prompt_list(name, ((e.id, e.prompt) for e in rows)) for name, rows in examples.items()}
    trained = list(dict.fromkeys(read.split for read in plan.trained))
    held_out = [lists[name] for name in dict.fromkeys(read.split for read in plan.held_out)]
    findings = all_leaks(lists, [*held_out, *plan.files], trained)
    for name, rows in examples.items():
        findings += row_findings(name, rows, lists[name].texts)
        longer = longer_preferred(rows)
        findings += [] if longer is None else [length_finding(name, longer)]
    return findings


def length_finding(split: str, longer: Longer) -> DataFinding:
    """How often the longer response is preferred, with Wilson's interval over prompts."""
    hits = [name for name, is_longer in zip(longer.ids, longer.is_preferred, strict=True) if is_longer]
    detail = f"{longer.as_long} pairs of one length and {longer.tied} with tied ratings do not count"
    counted = finding("length_bias", split, hits, len(longer.ids), detail=detail)
    if not longer.ids:
        return counted
    values = over_prompts(np.asarray(longer.is_preferred, float), prompt_numbers(np.asarray(longer.prompts)))
    interval = rate_interval(values[None, :])
    bounds = None if np.isnan(interval.low) else Bounds(interval.low, interval.high)
    return replace(counted, interval=bounds)


def _token_findings(
    plan: AuditPlan, examples: Mapping[str, Sequence[Example]], prepared: PreparedTexts
) -> list[DataFinding]:
    """What a model reads of each split; a split that stages read alike is looked at once."""
    if prepared.tokenizer_path is None or prepared.missing:
        return []
    model = plan.loaded.recipe.model
    tokenizer = load_prepared_tokenizer(prepared.tokenizer_path, model)
    findings: list[DataFinding] = []
    reads: list[Read] = []
    for read in (*plan.trained, *plan.held_out):
        if not any((read.split, read.tokenization) == (other.split, other.tokenization) for other in reads):
            reads.append(read)
    splits = [read.split for read in reads]
    for read in reads:
        section = read.tokenization.model_copy(update={"chat_template": prepared.chat_template})
        where = read.split if splits.count(read.split) == 1 else f"{read.split} ({read.stage})"
        findings += token_findings(where, examples[read.split], tokenizer, section)
    return findings


def _by_split(reads: Sequence[Read]) -> str:
    stages: dict[str, list[str]] = {}
    for read in reads:
        stages.setdefault(read.split, []).append(read.stage)
    return ", ".join(f"{split} ({', '.join(names)})" for split, names in stages.items()) or "nothing"


def _limit(read: Read) -> str:
    return f"{read.tokenization.max_length} tokens, truncation {read.tokenization.truncation}"
