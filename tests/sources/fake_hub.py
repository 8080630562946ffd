"""A hub with one dataset at one commit, on this machine: as much of the protocol as a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


def _handler(name: str, commit: str, files: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    api = f"/api/datasets/{name}"

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
            if path == f"{api}/paths-info/{commit}":
                self._json([_entry(p, files[p]) for p in asked["paths"] if p in files])
            else:
                self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            if path == f"{api}/revision/{commit}":
                siblings = [{"rfilename": p} for p in files]
                return self._json({"id": name, "sha": commit, "siblings": siblings, "tags": [], "private": False})
            if path.startswith(f"{api}/tree/{commit}"):
                return self._json(_listing(files, path.removeprefix(f"{api}/tree/{commit}").strip("/")))
            file = path.removeprefix(f"/datasets/{name}/resolve/{commit}/")
            if file in files:
                headers = {"ETag": f'"{_sha(files[file])}"', "X-Repo-Commit": commit}
                return self._send(200, files[file], headers, body=body)
            if file != path:
                return self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
            code = "RevisionNotFound" if name in path else "RepoNotFound"
            return self._send(404, b"", {"X-Error-Code": code})

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


def _sha(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def _listing(files: Mapping[str, bytes], inside: str) -> list[dict[str, object]]:
    """All files below a folder, and the folders between."""
    folders = {parent for p in files for parent in _parents(p)}
    entries = [{"type": "directory", "path": folder, "size": 0, "oid": "0" * 40} for folder in sorted(folders)]
    return [e for e in (*entries, *(_entry(p, b) for p, b in files.items())) if str(e["path"]).startswith(inside)]


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _entry(path: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(content), "oid": _sha(content)}


@contextmanager
def serving(name: str, commit: str, files: Mapping[str, bytes]) -> Iterator[str]:
    """The address of the hub, while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(name, commit, files))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
