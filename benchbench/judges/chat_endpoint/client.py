"""One client of an OpenAI-compatible server: pace, retries, and errors that a person can act on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_exponential

from benchbench.core.errors import BenchError, ExitCode
from benchbench.judges.chat_endpoint.answer import Completion, completion
from benchbench.judges.chat_endpoint.body import ENCODINGS, MOST_BYTES, OversizedError, bounded
from benchbench.judges.chat_endpoint.secret import without_key

LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most; a server's own Retry-After may ask for five times as much."""
_RETRIED = {408, 409, 425, 429}
"""Statuses that another attempt may mend, besides 5xx."""
_REFUSALS = {400, 413, 422}
"""Statuses that concern this request: too long, not allowed."""


class RefusedError(BenchError):
    """The server will not answer this request, whatever is tried; it may answer others."""


class StoppedError(Exception):
    """Another request failed for good, or the run is to end."""


class _PassingError(Exception):
    """An attempt without an answer, which the next one may have."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds that the server asks for."""


class ChatClient:
    """Shared by the tasks of one event loop.

    Args:
        base_url: up to and including `/v1`.
        key: for the header; it never stands in a message.
        timeout: seconds for one request, from connecting to the last byte of the answer.
        retries: attempts after the first one.
        backoff: seconds before the first of them; doubled each time.
        per_minute: requests per minute, retries included; none for no limit.
        report: told of every wait before a retry.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None,
        timeout: float,
        retries: int,
        backoff: float,
        per_minute: float | None,
        report: Callable[[str], None],
    ) -> None:
        self.url = base_url.rstrip("/") + "/chat/completions"
        self._key, self._retries, self._report = key, retries, report
        self._doubled = wait_exponential(multiplier=backoff, max=LONGEST_WAIT)
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next, self._timeout = 0.0, timeout
        self._stopped, self._answered = asyncio.Event(), False
        headers = {"Accept-Encoding": ENCODINGS, **({"Authorization": f"Bearer {key}"} if key else {})}
        here = urlsplit(base_url).hostname in ("localhost", "127.0.0.1", "::1")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        self._http = httpx.AsyncClient(headers=headers, timeout=None, limits=limits, trust_env=not here)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def stop(self) -> None:
        """Let no further attempt begin, and end all waiting between attempts; what is under way goes on."""
        self._stopped.set()

    async def complete(self, body: Mapping[str, Any]) -> Completion:
        """One chat completion; what raises BenchError stops all others too, what raises RefusedError does not.

        Raises:
            RefusedError: the server will not answer this request.
            BenchError: it cannot be reached, does not know us or the model, or gave no answer in all attempts.
            StoppedError: `stop` was called.
        """
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(self._retries + 1),
            wait=self._wait,
            before_sleep=self._tell,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer = await attempts(self._send, body)
        except _PassingError as error:
            self.stop()
            raise BenchError(
                f"{self.url}: no answer in {self._retries + 1} attempts, the last time {error}",
                exit_code=ExitCode.UNAVAILABLE,
            ) from None
        except RefusedError:
            raise
        except BenchError:
            self.stop()
            raise
        return replace(answer, requests=attempts.statistics["attempt_number"])

    def _wait(self, state: RetryCallState) -> float:
        """Seconds after this attempt: twice those of the last one, or those that the server asks for."""
        error = state.outcome.exception() if state.outcome else None
        asked_for = error.wait if isinstance(error, _PassingError) else 0.0
        return max(self._doubled(state), min(asked_for, 5 * LONGEST_WAIT))

    def _tell(self, state: RetryCallState) -> None:
        reason = state.outcome.exception() if state.outcome else None
        self._report(f"{self.url}: {reason}; attempt {state.attempt_number + 1} in {state.upcoming_sleep:.3g} s")

    async def _take_turn(self) -> None:
        now = time.monotonic()
        turn = max(now, self._next)
        self._next = turn + self._gap
        await self._sleep(turn - now)

    async def _sleep(self, seconds: float) -> None:
        if not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stopped.wait()
        if self._stopped.is_set():
            raise StoppedError

    async def _send(self, body: Mapping[str, Any]) -> Completion:
        await self._take_turn()
        try:
            async with asyncio.timeout(self._timeout):
                async with self._http.stream("POST", self.url, json=body) as streamed:
                    response = await bounded(streamed)
        except OversizedError:
            raise _PassingError(f"its answer is larger than {MOST_BYTES >> 20} MiB, which no completion is") from None
        except TimeoutError:
            raise _PassingError(f"it did not answer within {self._timeout:g} s") from None
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise self._broken(error) from None
        self._answered = True
        self._check_status(response)
        try:
            return self._masked(completion(response.json()))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            what = f"{response.status_code} with something other than a chat completion"
            raise _PassingError(f"it answers {what} ({self._words(response)})") from None

    def _masked(self, answer: Completion) -> Completion:
        """The answer without the key; what a judge says is stored."""
        parts = {name: without_key(getattr(answer, name), self._key) for name in ("text", "model", "finish")}
        return replace(answer, **parts)

    def _check_status(self, response: httpx.Response) -> None:
        status, words = response.status_code, self._words(response)
        if status in _RETRIED or status >= 500:
            raise _PassingError(f"it answers {status} ({words})", _retry_after(response))
        if status in _REFUSALS:
            raise RefusedError(f"{self.url} refuses the request: {status} ({words})")
        if not response.is_success:
            raise BenchError(
                f"{self.url}: expected an answer, got {status} ({words}); check base_url, model and the key of "
                "api_key_env",
                exit_code=ExitCode.UNAVAILABLE,
            )

    def _broken(self, error: Exception) -> Exception:
        """The error for a broken connection; one that was never made is not tried again."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, BenchError):  # the network is forbidden
                return cause
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx.DecodingError):
            return _PassingError(f"its answer cannot be decoded ({error})")
        if isinstance(error, httpx.ConnectError | httpx.InvalidURL) and not self._answered:
            return BenchError(
                f"{self.url}: cannot be reached ({error}); start the server, or check base_url",
                exit_code=ExitCode.UNAVAILABLE,
            )
        return _PassingError(f"the connection broke ({type(error).__name__})")

    def _words(self, response: httpx.Response) -> str:
        """The server's message, shortened, and with the key masked if it repeats it."""
        text = " ".join(response.text[:2000].split())
        text = without_key(text, self._key)
        return text[:200] + ("..." if len(text) > 200 else "") if text else "no text"


def _retry_after(response: httpx.Response) -> float:
    """Seconds that the server asks for, which it may give as a date."""
    value = response.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a time zone
        return 0.0
