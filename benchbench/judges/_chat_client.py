"""One client of an OpenAI-compatible server: pace, retries, and errors that a person can act on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import httpx

from benchbench.core.errors import BenchError, ExitCode

LONGEST_WAIT = 60.0
"""Seconds between two attempts, at most; a server's own Retry-After may ask for five times as much."""
_RETRIED = {408, 409, 425, 429}
"""Statuses that another attempt may mend, besides 5xx."""
_REFUSALS = {400, 413, 422}
"""Statuses that concern this request: too long, not allowed."""


class RefusedError(BenchError):
    """The server will not answer this request, whatever is tried; it may answer others."""


class StoppedError(Exception):
    """Another request failed for good, or nobody waits for the answer any more."""


@dataclass(frozen=True)
class Completion:
    """One answer."""

    text: str
    model: str
    """As the server names it."""
    finish: str
    tokens: Mapping[str, int]
    """`prompt_tokens` and `completion_tokens`, where the server counts them."""
    requests: int
    """Attempts that it took."""


class _Failure(NamedTuple):
    reason: str
    wait: float = 0.0
    """Seconds that the server asks for."""


class ChatClient:
    """Shared by threads; a context manager, whose end stops whoever still waits.

    Args:
        base_url: up to and including `/v1`.
        key: for the header; it never stands in a message.
        timeout: seconds for one request.
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
        self._key, self._retries, self._backoff, self._report = key, retries, backoff, report
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next, self._lock = 0.0, threading.Lock()
        self._stopped, self._answered = threading.Event(), threading.Event()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        here = urlsplit(base_url).hostname in ("localhost", "127.0.0.1", "::1")
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
        self._http = httpx.Client(headers=headers, timeout=timeout, limits=limits, trust_env=not here)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._http.close()

    def stop(self) -> None:
        """Let no further attempt begin, and end all waiting."""
        self._stopped.set()

    def complete(self, body: Mapping[str, Any]) -> Completion:
        """One chat completion; what raises BenchError stops all others too, what raises RefusedError does not.

        Raises:
            RefusedError: the server will not answer this request.
            BenchError: it cannot be reached, does not know us or the model, or gave no answer in all attempts.
            StoppedError: `stop` was called.
        """
        try:
            return self._try(body)
        except BenchError as error:
            if not isinstance(error, RefusedError):
                self.stop()
            raise

    def _try(self, body: Mapping[str, Any]) -> Completion:
        failure = _Failure("")
        for attempt in range(1, self._retries + 2):
            self._take_turn()
            answer = self._send(body, attempt)
            if isinstance(answer, Completion):
                return answer
            failure = answer
            if attempt <= self._retries:
                wait = max(min(self._backoff * 2 ** (attempt - 1), LONGEST_WAIT), min(failure.wait, 5 * LONGEST_WAIT))
                self._report(f"{self.url}: {failure.reason}; attempt {attempt + 1} in {wait:.3g} s")
                self._sleep(wait)
        raise BenchError(
            f"{self.url}: no answer in {self._retries + 1} attempts, the last time {failure.reason}",
            exit_code=ExitCode.UNAVAILABLE,
        )

    def _take_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        self._sleep(turn - now)

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise StoppedError

    def _send(self, body: Mapping[str, Any], attempt: int) -> Completion | _Failure:
        try:
            response = self._http.post(self.url, json=body)
        except httpx.TimeoutException:
            return _Failure(f"it did not answer within {self._http.timeout.read:g} s")
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return self._broken(error)
        self._answered.set()
        status = response.status_code
        if status in _RETRIED or status >= 500:
            return _Failure(f"it answers {status} ({self._words(response)})", _retry_after(response))
        if status in _REFUSALS:
            raise RefusedError(f"{self.url} refuses the request: {status} ({self._words(response)})")
        if not response.is_success:
            raise BenchError(
                f"{self.url}: expected an answer, got {status} ({self._words(response)}); "
                "see base_url, model and the key of api_key_env",
                exit_code=ExitCode.UNAVAILABLE,
            )
        try:
            return _completion(response.json(), attempt)
        except (ValueError, LookupError, TypeError, AttributeError):
            return _Failure(f"it answers {status} with what is no chat completion ({self._words(response)})")

    def _broken(self, error: Exception) -> _Failure:
        """A connection that broke; one that never stood is no matter of waiting."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, BenchError):  # the network is forbidden
                raise cause
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx.ConnectError | httpx.InvalidURL) and not self._answered.is_set():
            raise BenchError(
                f"{self.url}: cannot be reached ({error}); start the server, or see base_url",
                exit_code=ExitCode.UNAVAILABLE,
            ) from None
        return _Failure(f"the connection broke ({type(error).__name__})")

    def _words(self, response: httpx.Response) -> str:
        """What the server says, short, and without the key should it repeat it."""
        text = " ".join(response.text[:2000].split())
        text = text.replace(self._key, "***") if self._key else text
        return text[:200] + ("..." if len(text) > 200 else "") if text else "no text"


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0


def _completion(answer: Any, requests: int) -> Completion:
    choice, usage = answer["choices"][0], answer.get("usage") or {}
    text = choice["message"]["content"]
    counted = {name: usage.get(name) for name in ("prompt_tokens", "completion_tokens")}
    return Completion(
        text=text if isinstance(text, str) else "",
        model=str(answer.get("model") or ""),
        finish=str(choice.get("finish_reason") or ""),
        tokens={name: count for name, count in counted.items() if isinstance(count, int)},
        requests=requests,
    )
