"""Verdicts that people gave, from a file; the order of the two texts does not matter.

Every row is one person's verdict on one pair of texts. Its columns, in JSON lines, a JSON list, parquet or CSV:

- `prompt_hash`, or `prompt`: the user's text, or a list of {role, content} (JSON files only);
- `first_hash` and `second_hash`, or the texts themselves as `first` and `second`;
- `first_wins`: 1, 0, 0.5 for a tie, any number between as a share of people, or `first`, `second`, `tie`.

Hashes are sha256 in hex: `prompt_key` of the messages, `text_key` of a response; where both are given, the hash counts.
White space around a turn does not count, so texts that differ in nothing else tie. Several rows of one pair, in either
order of the texts, are averaged; other columns are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.data.files import content_hash
from benchbench.judges.human_file.rows import prompt_key, read_votes, text_key


@dataclass(frozen=True)
class HumanFileOptions:
    """The file of verdicts."""

    path: str
    """The file (.jsonl, .json, either with .gz, .parquet or .csv), relative to the recipe file."""
    partial: bool = False
    """Treat contests without a verdict as missing; by default they are an error."""


def judge(
    options: HumanFileOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """The mean of what the rows of these texts say.

    Raises:
        BenchError: the file cannot be read or was changed, or has no verdict for some contest (with `partial`: for
            none of a run's, those included whose verdicts were read from the cache).
    """
    path = context.folder / options.path
    votes_of = read_votes(path)
    context.require("file", content_hash(path), f"judge.options.path ({options.path})")
    keys = [(prompt_key(contest.prompt), text_key(contest.first), text_key(contest.second)) for contest in contests]
    absent = [contest for contest, key in zip(contests, keys, strict=True) if key not in votes_of and key[1] != key[2]]
    if absent and (not options.partial or len(absent) == len(contests) + context.known):
        raise BenchError(
            f"{path}: expected a verdict on every contest, found none for {len(absent)} of {len(contests)} contests, "
            f"such as sample {absent[0].sample} of example {absent[0].example}; check that the file has these texts"
            + ("" if options.partial else ", or set `partial: true` to leave them missing")
        )
    for place, key in enumerate(keys):
        if key[1] == key[2]:
            yield place, Verdict(0.5, "equal but for white space around them")
            continue
        votes = votes_of.get(key)
        raw = " ".join(f"{vote:g}" for vote in votes or ())
        yield place, Verdict(sum(votes) / len(votes), raw) if votes else Verdict(None, note="no verdict in the file")


def identity(options: HumanFileOptions, folder: Path) -> Mapping[str, str]:
    """The file's content, wherever the file lies."""
    return {"file": content_hash(folder / options.path)}


JUDGE = Judge(
    name="human_file",
    version=1,
    options=HumanFileOptions,
    sees_slots=False,
    judge=judge,
    identity=identity,
    handling=frozenset({"path", "partial"}),
    on_missing=frozenset({"partial"}),
    pinned_by={"file": "path"},
)
