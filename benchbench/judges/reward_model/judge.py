"""A reward model decides: one we trained, or a classifier with one label; each text is scored once, by itself.

Texts go through the model one at a time, without padding, so no batch moves a score.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.core.logistic import sigmoid
from benchbench.core.repository import Repository
from benchbench.data.files import content_hash
from benchbench.data.hub_access import check_commit, local_folder
from benchbench.data.model_files import model_files
from benchbench.judges.reward_model.options import RewardModelOptions, check_read, is_stage

_MODEL = "model_name_or_path"
PINNED_BY = {"weights": _MODEL, "tokenization": _MODEL, "model": _MODEL, "chat_template": "chat_template"}
"""Name in `identity` -> the option that names it."""


def judge(
    options: RewardModelOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """The higher reward wins; equal rewards tie.

    Raises:
        BenchError: no such model, or another than was planned; an option that it does not read; more than one label,
            no template, a text that is too long.
    """
    from benchbench.judges.reward_model.scorers import scorer

    score = scorer(options, contests, context)
    for pin, content in identity(options, context.folder).items() if context.pins else ():
        context.require(pin, content, f"judge.options.{PINNED_BY[pin]} ({getattr(options, PINNED_BY[pin])})")
    for place, contest in enumerate(contests):
        if context.should_stop():
            return
        first, second = score(contest.prompt, contest.first), score(contest.prompt, contest.second)
        if not (math.isfinite(first) and math.isfinite(second)):
            yield place, Verdict(None, f"{first} {second}", "a reward is not finite")
            continue
        wins = sigmoid(first - second) if options.soft else _winner(first, second)
        yield place, Verdict(wins, json.dumps({"first": first, "second": second}), scores=(first, second))


def _winner(first: float, second: float) -> float:
    return 0.5 if first == second else float(first > second)


def identity(options: RewardModelOptions, folder: Path) -> Mapping[str, str]:
    """The content of a local folder, or name and commit of the hub; and of the template.

    Raises:
        BenchError: no such folder, a hub id without a commit, or an option that is not read.
    """
    pins = {}
    local = local_folder(options.model_name_or_path, folder)
    check_read(options, local)
    if local is not None:
        folder_read = local / "model" if is_stage(local) else local
        _require_readable(folder_read, trust_remote_code=options.trust_remote_code)
        pins["weights"] = content_hash(folder_read)
    else:
        try:
            check_commit("revision", options.revision or "")
        except ValueError as error:
            raise BenchError(f"judge reward_model, {options.model_name_or_path} (no local folder): {error}") from None
        pins["weights"] = f"{options.model_name_or_path}@{options.revision}"
    if local is not None and is_stage(local):
        from benchbench.judges.reward_model.stage import reading

        pins |= reading(options, local)
    if options.chat_template is not None:
        pins["chat_template"] = content_hash(folder / options.chat_template)
    return pins


def repository(options: RewardModelOptions, folder: Path) -> Repository | None:
    """Of a classifier on the hub; none for a local folder, or where no commit is named."""
    name, revision = options.model_name_or_path, options.revision
    if revision is None or local_folder(name, folder) is not None:
        return None
    return Repository("model", name, revision)


def _require_readable(folder: Path, *, trust_remote_code: bool) -> None:
    """Refuse a folder whose weights are not those that would be loaded; what is there is hashed whole."""
    if model_files(folder, trust_remote_code=trust_remote_code).adapters:
        raise BenchError(f"judge reward_model: {folder}: expected whole weights, found adapters; merge them first")


JUDGE = Judge(
    name="reward_model",
    version=2,
    options=RewardModelOptions,
    sees_slots=False,
    judge=judge,
    identity=identity,
    repository=repository,
    handling=frozenset({"model_name_or_path", "revision", "chat_template"}),
    pinned_by=PINNED_BY,
    uses_device=True,
)
