"""Many questions under way at a time, and their answers in the order in which they arrive."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from typing import Any

from benchbench.core.judge import Contest, Verdict
from benchbench.judges.chat_endpoint.client import ChatClient, StoppedError

POLL_SECONDS = 0.5
"""Between two looks at whether to stop, while nothing comes."""
GRACE_SECONDS = 1.0
"""How long answers that are under way are waited for after a request to stop."""
Ask = Callable[[ChatClient, Contest], Coroutine[Any, Any, Verdict]]


def answers(
    client: ChatClient, ask: Ask, contests: Sequence[Contest], *, at_a_time: int, should_stop: Callable[[], bool]
) -> Generator[tuple[int, Verdict]]:
    """(place of the contest, its verdict), as they come; the client is closed at the end.

    The first fault stops the client, and is raised when what was under way has come. A request to stop does so too, and
    whatever has not come a second later is given up.
    """
    loop = asyncio.new_event_loop()
    questions = _Questions(client, ask, contests)
    tasks = [loop.create_task(questions.work()) for _ in range(min(at_a_time, len(contests)))]
    end: float | None = None
    try:
        while not all(task.done() for task in tasks):
            loop.run_until_complete(questions.moment())
            while questions.come:
                yield questions.come.popleft()
            if end is None and should_stop():
                client.stop()
                end = time.monotonic() + GRACE_SECONDS
            if end is not None and time.monotonic() >= end:
                break
        yield from questions.come
    finally:
        _close(loop, client, tasks)
    if questions.fault is not None:
        raise questions.fault


class _Questions:
    """What several tasks share: the questions that are left, and the answers not yet handed on."""

    def __init__(self, client: ChatClient, ask: Ask, contests: Sequence[Contest]) -> None:
        self.come: deque[tuple[int, Verdict]] = deque()
        self.fault: Exception | None = None
        self._client, self._ask = client, ask
        self._left = iter(enumerate(contests))
        self._news = asyncio.Event()

    async def work(self) -> None:
        """Ask one question after another until none is left or the client is stopped."""
        try:
            for place, contest in self._left:
                self.come.append((place, await self._ask(self._client, contest)))
                self._news.set()
        except StoppedError:
            pass
        except Exception as error:
            self.fault = self.fault or error
            self._client.stop()
        finally:
            self._news.set()

    async def moment(self) -> None:
        """Wait until something has come, but not long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._news.wait()
        self._news.clear()


def _close(loop: asyncio.AbstractEventLoop, client: ChatClient, tasks: Sequence[asyncio.Task[None]]) -> None:
    """End the requests still under way, even if the server does not answer."""

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()

    async def soon() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await end()

    loop.run_until_complete(soon())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
