"""What stages were made from, by what each of them was told, and which models nothing is made from any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from benchbench.store.contents import MODEL
from benchbench.store.files import require_file
from benchbench.store.locks import LOCK
from benchbench.store.runs import RunStore
from benchbench.store.sessions import names_in

POLICY_KIND, DRAWING_KIND = "preference", "rollout"


def with_inputs(keys: Sequence[str], locks: Mapping[str, str]) -> frozenset[str]:
    """Stages and all that they were made from, directly or not."""
    by_name = {key.split("/")[1]: key for key in locks}
    reached, waiting = set(keys), list(keys)
    while waiting:
        inputs = {by_name[name] for name in names_in(locks[waiting.pop()]) if name in by_name}
        waiting += inputs - reached
        reached |= inputs
    return frozenset(reached)


def lock_of(folder: Path) -> str:
    """What a stage was told; nothing where it cannot be read, and then it rests on nothing."""
    try:
        require_file(folder / LOCK)
        return (folder / LOCK).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def round_models(store: RunStore, locks: Mapping[str, str], busy: Collection[str]) -> dict[str, Path]:
    """Key of a stage -> its model's folder, of policies that a later round went on from and has left behind.

    A round is over when a stage has drawn with its policy, every stage that reads it is finished, and so is a training
    on what each of these drawings led to. The policy of the last round stays.

    Args:
        store: of the `runs/` folder.
        locks: key of every stage -> what it was told.
        busy: stages that a process holds or a command has planned; theirs stay.
    """
    readers = readers_of(locks)
    done = {key for key in locks if store.is_done(key)}
    return {
        key: store.folder(key) / MODEL
        for key in locks
        if _kind(key) == POLICY_KIND and key in done and key not in busy
        if (store.folder(key) / MODEL).is_dir() and is_over(key, readers, done)
    }


def readers_of(locks: Mapping[str, str]) -> dict[str, list[str]]:
    """Key of every stage -> those of the stages that were told its name.

    Args:
        locks: key -> what a stage was told.
    """
    readers: dict[str, list[str]] = {key: [] for key in locks}
    by_name = {key.split("/")[1]: key for key in locks}
    for key, lock in locks.items():
        for name in names_in(lock):
            if name in by_name and by_name[name] != key:
                readers[by_name[name]].append(key)
    return readers


def is_over(key: str, readers: Mapping[str, list[str]], done: Collection[str]) -> bool:
    """Whether a policy was drawn with, trained after, and is read by finished stages alone.

    Args:
        key: of the stage that left it.
        readers: of every stage, as `readers_of` gives them.
        done: keys of finished stages.
    """
    drawings = [reader for reader in readers[key] if _kind(reader) == DRAWING_KIND]
    trained = [any(_kind(k) == POLICY_KIND and k in done for k in _after(drawing, readers)) for drawing in drawings]
    return bool(drawings) and all(trained) and all(reader in done for reader in readers[key])


def _after(key: str, readers: Mapping[str, list[str]]) -> set[str]:
    """Every stage that rests on one, directly or not."""
    reached: set[str] = set()
    waiting = [key]
    while waiting:
        further = set(readers[waiting.pop()]) - reached
        reached |= further
        waiting += further
    return reached


def _kind(key: str) -> str:
    return key.split("/")[0]
