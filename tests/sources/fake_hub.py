"""A hub with some repositories, each at one commit, on this machine: as much of the protocol as a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = (".parquet", ".safetensors")
"""Files that the hub keeps outside git, and names by their sha256."""


@dataclass(frozen=True)
class Repo:
    """One repository at one commit."""

    kind: str
    """`model` or `dataset`."""
    name: str
    commit: str
    files: Mapping[str, bytes]
    sent: Mapping[str, bytes] = field(default_factory=dict)
    """What goes over the wire in place of a file's content."""

    @property
    def api(self) -> str:
        return f"/api/{self.kind}s/{self.name}"

    @property
    def resolve(self) -> str:
        prefix = "" if self.kind == "model" else f"/{self.kind}s"
        return f"{prefix}/{self.name}/resolve/{self.commit}/"


def hub_hash(path: str, content: bytes) -> str:
    """What the hub names a file by: git's hash of the blob, sha256 for a large file."""
    return hashlib.sha256(content).hexdigest() if path.endswith(LARGE) else _blob(content)


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _handler(repos: Sequence[Repo]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            path = unquote(urlsplit(self.path).path)
            for repo in repos:
                if path == f"{repo.api}/paths-info/{repo.commit}":
                    return self._json([_entry(p, repo.files[p]) for p in asked["paths"] if p in repo.files])
            return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            for repo in repos:
                if path == f"{repo.api}/revision/{repo.commit}":
                    siblings = [{"rfilename": p} for p in repo.files]
                    about = {"id": repo.name, "sha": repo.commit, "siblings": siblings, "tags": [], "private": False}
                    return self._json(about)
                if path.startswith(f"{repo.api}/tree/{repo.commit}"):
                    inside = path.removeprefix(f"{repo.api}/tree/{repo.commit}").strip("/")
                    return self._json(_listing(repo.files, inside))
                if path.startswith(repo.resolve):
                    return self._file(repo, path.removeprefix(repo.resolve), body=body)
            code = "RevisionNotFound" if any(repo.name in path for repo in repos) else "RepoNotFound"
            return self._send(404, b"", {"X-Error-Code": code})

        def _file(self, repo: Repo, path: str, *, body: bool) -> None:
            headers = {"X-Repo-Commit": repo.commit}
            if path not in repo.files:
                return self._send(404, b"", headers | {"X-Error-Code": "EntryNotFound"})
            headers["ETag"] = f'"{hub_hash(path, repo.files[path])}"'
            return self._send(200, repo.sent.get(path, repo.files[path]), headers, body=body)

        def _json(self, value: object) -> None:
            self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, body: bool = True) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

    return Handler


def _listing(files: Mapping[str, bytes], inside: str) -> list[dict[str, object]]:
    """All files below a folder, and the folders between."""
    folders = {parent for p in files for parent in _parents(p)}
    entries = [{"type": "directory", "path": folder, "size": 0, "oid": "0" * 40} for folder in sorted(folders)]
    return [e for e in (*entries, *(_entry(p, b) for p, b in files.items())) if str(e["path"]).startswith(inside)]


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _entry(path: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": _blob(content)}
    if path.endswith(LARGE):
        entry["lfs"] = {"oid": hub_hash(path, content), "size": len(content), "pointerSize": 130}
    return entry


@contextmanager
def serving(*repos: Repo) -> Iterator[str]:
    """The address of the hub, while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(repos))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
