"""Models of rounds that are over, dropped while a command runs: `rounds.keep_models: last`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from benchbench import stages
from benchbench.commands.made_from import is_over, lock_of, readers_of
from benchbench.core.records import StageRecord, StageSpec
from benchbench.plan.graph import Plan
from benchbench.run.scheduler import StageListener
from benchbench.store.contents import MODEL, note_dropped
from benchbench.store.drafts import remove_at_once
from benchbench.store.files import folders
from benchbench.store.processes import this_process
from benchbench.store.runs import RunStore
from benchbench.store.sessions import CLEANING, PLANNING, sessions


def passing_models(plan: Plan) -> frozenset[str]:
    """Keys of policies that no recipe of a plan keeps: of every round but the last, where `keep_models` is `last`."""
    passing: set[str] = set()
    staying: set[str | None] = set()
    for cell in plan.cells:
        section = cell.loaded.recipe.rounds
        goes = section is not None and section.keep_models == "last"
        before = {key for each in cell.rounds[:-1] for key in each.trained}
        (passing if goes else staying).update(before)
        staying |= {cell.policy, *(key for each in cell.rounds[-1:] for key in each.trained)}
    return frozenset(passing - staying)


class RoundModels:
    """A listener that passes everything on to another one, and drops a model when the last stage that reads it ends.

    A model is needed no more when a stage has drawn with it, another one has trained on what came of it, and every
    stage of the plan or of the folder that was told its name is finished. It stays where another command that runs has
    planned its stage, or still plans; whoever ends last drops it. A killed command leaves the model or a draft.
    """

    def __init__(self, listener: StageListener | None, store: RunStore, plan: Plan) -> None:
        """Drop nothing yet.

        Args:
            listener: that hears everything, if one does.
            store: of the `runs/` folder.
            plan: that is run.
        """
        self._listener, self._store = listener, store
        self._passing = set(passing_models(plan))
        self._readers: Mapping[str, list[str]] = {}
        self._done: set[str] = set()
        if self._passing:
            paths = [path for kind in stages.kinds() for path in folders(store.root / kind)]
            locks = {f"{path.parent.name}/{path.name}": lock_of(path) for path in paths}
            locks |= {key: json.dumps(spec.as_json(), default=str) for key, spec in plan.stages.items()}
            self._readers = readers_of(locks)
            self._done = {key for key in locks if store.is_done(key)}

    def started(self, spec: StageSpec) -> None:
        """Pass it on."""
        if self._listener is not None:
            self._listener.started(spec)

    def progress(self, event: Mapping[str, Any]) -> None:
        """Pass it on."""
        if self._listener is not None:
            self._listener.progress(event)

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        """Pass it on, and drop what the stage was the last one to read."""
        if self._listener is not None:
            self._listener.ended(spec, record)
        if record.status == "done":
            self._done.add(spec.key)
            self.drop()

    def drop(self) -> list[str]:
        """Drop what is needed no more; keys of the stages whose models went."""
        over = [key for key in sorted(self._passing & self._done) if is_over(key, self._readers, self._done)]
        if not over:
            return []
        dropped: list[str] = []
        with self._store.claim(CLEANING, should_stop=lambda: True) as is_ours:  # commands that begin now wait
            others = [each for each in sessions(self._store) if each.may_live and not _is_ours(each.holder)]
            if not is_ours or any(each.state == PLANNING for each in others):
                return []
            for key in over:
                if any(key in each.stages or key.split("/")[1] in each.names for each in others):
                    continue
                if _dropped(self._store, key):
                    self._passing.discard(key)
                    dropped.append(key)
        return dropped


def _is_ours(holder: Any) -> bool:
    return holder is not None and holder.owner == this_process()


def _dropped(store: RunStore, key: str) -> bool:
    """Whether a stage has no model any more."""
    with store.claim(key, should_stop=lambda: True) as is_ours:
        model = store.folder(key) / MODEL
        if not is_ours or not model.is_dir():
            return is_ours
        with suppress(OSError):  # a full disk, or a folder that nobody may write to: it stays
            note_dropped(store.folder(key))
            return remove_at_once(model)
        return False
