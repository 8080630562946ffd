"""Parts of a rollout: those that are written are read, the others are made, each by the process that it falls to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from benchbench.stages.context import StageContext
from benchbench.store.parts import WrittenParts

T = TypeVar("T")


class RolloutParts:
    """The parts of one rollout, cut in the same way whatever the number of processes; the first process keeps them."""

    def __init__(self, context: StageContext[Any]) -> None:
        self._context = context
        about = {"device_kind": context.device.type}
        self._written = WrittenParts(context.folder, about) if context.ranks.is_first else None

    def made(
        self, first: int, pieces: Sequence[T], making: Callable[[], Callable[[T], list[Any]]]
    ) -> Iterator[list[Any]]:
        """The rows of each piece of work in order, in all processes.

        Args:
            first: number of the first piece's part.
            pieces: that no other piece reaches.
            making: gives what makes the rows of a piece; called once in every process, where a part is missing.

        Raises:
            Interrupted: the stage was asked to stop; the parts that are written are not made again.
        """
        ranks = self._context.ranks
        rows: dict[int, list[Any]] = ranks.from_first(lambda: self._read(first, len(pieces)))
        missing = [place for place in range(len(pieces)) if place not in rows]
        make = making() if missing else None

        def work(place: int) -> list[Any]:
            assert make is not None, "a part is missing"
            return make(pieces[place])

        coming = ranks.in_turns(missing, work, self._context.should_stop)
        for place in range(len(pieces)):
            if place not in rows:
                _, rows[place] = next(coming)
                if self._written is not None:
                    self._written.write(first + place, rows[place])
            yield rows.pop(place)

    def _read(self, first: int, count: int) -> dict[int, list[Any]]:
        """Place -> rows of the part there, of those that are written."""
        assert self._written is not None, "the first process reads"
        read = {place: self._written.read(first + place) for place in range(count)}
        return {place: rows for place, rows in read.items() if rows is not None}
