"""No network: what leaves this machine is refused before anything is sent, what stays on it works, all is undone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import types
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.offline import VARIABLES, OfflineError, forbidden_by, offline

ADDRESSES = {socket.AF_INET: ("192.0.2.1", 9), socket.AF_INET6: ("2001:db8::1", 9)}
"""Addresses for documentation: no host has them."""
LOOKUPS = {
    "getaddrinfo": lambda name: socket.getaddrinfo(name, 443),
    "getaddrinfo of bytes": lambda name: socket.getaddrinfo(name.encode(), 443),
    "gethostbyname": socket.gethostbyname,
    "gethostbyname_ex": socket.gethostbyname_ex,
    "gethostbyaddr": socket.gethostbyaddr,
    "create_connection": lambda name: socket.create_connection((name, 443), timeout=1),
    "urlopen": lambda name: urllib.request.urlopen(f"http://{name}/", timeout=1),
}


@pytest.fixture(autouse=True)
def online(monkeypatch):
    for name in (*VARIABLES, "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("way", ["connect", "connect_ex", "sendto", "sendmsg"])
@pytest.mark.parametrize("family", ADDRESSES, ids=["IPv4", "IPv6"])
def test_nothing_is_sent_to_another_machine(family, way):
    address = ADDRESSES[family]
    kind = socket.SOCK_STREAM if way.startswith("connect") else socket.SOCK_DGRAM
    with offline(), socket.socket(family, kind) as ours, pytest.raises(OfflineError) as refused:
        ours.settimeout(1)
        if way == "sendto":
            ours.sendto(b"x", address)
        elif way == "sendmsg":
            ours.sendmsg([b"x"], [], 0, address)
        else:
            getattr(ours, way)(address)
    assert str(refused.value).startswith(f"{address[0]}: --offline forbids the network")
    assert refused.value.status == ExitCode.UNAVAILABLE


@pytest.mark.parametrize("way", LOOKUPS)
def test_no_name_is_looked_up(way):
    with offline(), pytest.raises((OfflineError, urllib.error.URLError), match=r"hub\.example: --offline forbids"):
        LOOKUPS[way]("hub.example")


def test_an_address_is_not_resolved_to_a_name():
    with offline(), pytest.raises(OfflineError, match=r"192\.0\.2\.1: --offline forbids"):
        socket.getnameinfo(ADDRESSES[socket.AF_INET], 0)


def test_what_was_taken_from_the_socket_module_before_is_held_too():
    import _socket

    taken = socket.getaddrinfo
    plain = _socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with offline():
        with pytest.raises(OfflineError):
            taken("hub.example", 443)
        with pytest.raises(OfflineError):
            plain.connect(ADDRESSES[socket.AF_INET])
    plain.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "::ffff:127.0.0.1", None])
def test_this_machine_can_be_resolved(host):
    with offline():
        assert socket.getaddrinfo(host, 80)


def test_a_server_on_this_machine_answers():
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

    with offline(), ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=10) as answer:
            assert answer.status == 204
        server.shutdown()
        thread.join()


def test_unix_sockets_work(tmp_path):
    path = str(tmp_path / "s")
    with offline(), socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
    with offline():
        ours, theirs = socket.socketpair()
        ours.sendmsg([b"x"])
        assert theirs.recv(1) == b"x"
        ours.close()
        theirs.close()


def test_the_variables_are_set_for_children_and_put_back(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    code = f"import os; print([os.environ.get(name) for name in {VARIABLES}])"
    with offline():
        assert forbidden_by() == "--offline"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert told.strip() == str(["1", "1", "1"])
    assert [os.environ.get(name) for name in VARIABLES] == ["0", None, None]
    assert forbidden_by() is None


def test_the_block_is_undone_however_it_ends():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        with pytest.raises(KeyError), offline("outer"), offline("inner"):
            with pytest.raises(OfflineError, match=r"192\.0\.2\.1: inner forbids"):
                ours.connect(ADDRESSES[socket.AF_INET])
            raise KeyError
        try:
            ours.connect(ADDRESSES[socket.AF_INET])  # a datagram socket sends nothing when it connects
        except OfflineError:
            pytest.fail("still blocked")
        except OSError:
            pass  # a machine without a route says so itself


def test_it_reads_as_the_users_error_and_as_a_lost_connection():
    assert issubclass(OfflineError, BenchError) and issubclass(OfflineError, ConnectionError)


def test_libraries_that_were_imported_go_offline_with_it(monkeypatch):
    early, late = types.ModuleType("huggingface_hub.constants"), types.ModuleType("datasets.config")
    early.HF_HUB_OFFLINE = False
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", early)
    monkeypatch.delitem(sys.modules, "datasets.config", raising=False)
    with offline():
        assert early.HF_HUB_OFFLINE is True
        monkeypatch.setitem(sys.modules, "datasets.config", late)
        late.HF_HUB_OFFLINE = late.HF_DATASETS_OFFLINE = True  # what an import within the block reads
    assert early.HF_HUB_OFFLINE is late.HF_HUB_OFFLINE is late.HF_DATASETS_OFFLINE is False
