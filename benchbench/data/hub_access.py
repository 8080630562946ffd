"""Is it here, can it be had: answered within seconds, and never by another revision than the one asked for."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Literal

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.offline import forbidden_by

DEADLINE_SECONDS = 5.0
"""How long the hub may take to say whether it has a repository."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def local_folder(name: str, folder: Path) -> Path | None:
    """The folder that `name` stands for, relative to the recipe's `folder`; none where it is a hub id.

    Raises:
        BenchError: it is written as a path, and no such folder is there.
    """
    path = folder / Path(name).expanduser()
    if path.is_dir():
        return path
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise BenchError(f"{path}: no such folder; put the files there", exit_code=ExitCode.UNAVAILABLE)
    return None


def check_commit(key: str, revision: str) -> None:
    """Refuse what may stand for other content tomorrow.

    Raises:
        ValueError: "key: expected ..., got ...".
    """
    if not _COMMIT.fullmatch(revision):
        raise ValueError(
            f"{key}: expected a commit (40 hexadecimal digits), got '{revision}'; a branch or tag can move, "
            "the hub's page of the repository lists its commits"
        )


def require_on_hub(kind: Literal["dataset", "model"], name: str, revision: str | None) -> None:
    """Return only if the hub answers, in time, that it has this revision of the repository.

    Raises:
        BenchError: exit code 5; offline, unreachable, or not there.
    """
    what = f"{kind} {name} at revision {revision}"
    if ban := forbidden_by():
        raise unavailable(what, f"{ban} forbids the network")
    answer: list[Exception | None] = []
    thread = threading.Thread(target=_ask, args=(kind, name, revision, answer), daemon=True)
    thread.start()
    thread.join(DEADLINE_SECONDS)
    if not answer:
        raise unavailable(what, _silent())
    if answer[0] is not None:
        raise unavailable(what, _reason(answer[0]))


def unavailable(what: str, reason: str) -> BenchError:
    """The error for something that is neither on this machine nor to be had."""
    return BenchError(
        f"{what}: not on this machine, and {reason}; go online and run `bench fetch RECIPE`",
        exit_code=ExitCode.UNAVAILABLE,
    )


def _ask(kind: str, name: str, revision: str | None, answer: list[Exception | None]) -> None:
    from huggingface_hub import HfApi

    try:
        HfApi().repo_info(name, repo_type=kind, revision=revision, timeout=DEADLINE_SECONDS)
    except Exception as error:  # whatever the client raises is the answer; it is worded by `_reason`
        answer.append(error)
    else:
        answer.append(None)


def _silent() -> str:
    return f"the hub did not answer within {DEADLINE_SECONDS:g} seconds"


def _reason(error: Exception) -> str:
    from httpx import TimeoutException
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if isinstance(error, TimeoutException):  # the client's clock may run out before ours
        return _silent()
    if isinstance(error, HFValidationError):
        return "this is no name that a repository can have"
    if isinstance(error, HfHubHTTPError) and error.response.status_code in (401, 403, 404):
        return (
            f"the hub says {error.response.status_code}: it has no such repository or revision, "
            "or does not show it to you (`hf auth login`)"
        )
    return f"the hub cannot be reached ({type(error).__name__})"
