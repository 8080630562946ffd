"""A small server of the chat-completions protocol that does what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """What one request is answered with."""

    text: Any = "It is larger.\n[[A]]"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | bytes | None = None
    """The whole body instead of a completion."""
    seconds: float = 0.0
    hang_up: bool = False
    drips: int = 0
    """Blanks before the body, one every tenth of a second."""
    finish: str = "stop"
    usage: dict[str, float] | None = field(default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 10})


@dataclass
class Seen:
    """One request."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    path: str


class ChatServer(ThreadingHTTPServer):
    """Answers `reply(number of the request from 0, its body)`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, reply: Callable[[int, dict[str, Any]], Reply], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.reply = reply
        self.seen: list[Seen] = []
        self.lock = threading.Lock()
        self.busy = self.busiest = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no matter."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            number = len(self.server.seen)
            self.server.seen.append(Seen(body, dict(self.headers), time.monotonic(), self.path))
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
        try:
            self._answer(self.server.reply(number, body), body)
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _answer(self, reply: Reply, body: dict[str, Any]) -> None:
        time.sleep(reply.seconds)
        if reply.hang_up:
            self.close_connection = True
            return
        message = {"role": "assistant", "content": reply.text}
        answer: dict[str, Any] = {
            "model": body["model"] + "-2026-01-01",
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        }
        if reply.usage is not None:
            answer["usage"] = reply.usage
        body_text = json.dumps(answer) if reply.raw is None else reply.raw
        data = body_text if isinstance(body_text, bytes) else body_text.encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) + reply.drips))
        self.end_headers()
        for _ in range(reply.drips):
            self.wfile.write(b" ")
            time.sleep(0.1)
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(reply: Callable[[int, dict[str, Any]], Reply], port: int = 0) -> Iterator[ChatServer]:
    """A server for as long as the block lasts."""
    server = ChatServer(reply, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def replies(*given: Reply) -> Callable[[int, dict[str, Any]], Reply]:
    """One reply after another, the last one from then on."""
    return lambda number, body: given[min(number, len(given) - 1)]


def prefers(word: str) -> Callable[[int, dict[str, Any]], Reply]:
    """A judge that prefers the answer with this word, wherever it stands."""

    def reply(number: int, body: dict[str, Any]) -> Reply:
        question = body["messages"][-1]["content"]
        first, second = (question.split(f"=== answer {slot} ===")[1].split("===")[0] for slot in "AB")
        better = "C" if (word in first) == (word in second) else "A" if word in first else "B"
        return Reply(f"Because of the {word}.\n[[{better}]]")

    return reply
