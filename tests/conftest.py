"""Shared by all tests: one small finished run, and files to write."""

from __future__ import annotations

import fcntl
import functools
import gc
import importlib.util
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from harness import MICRO, ROOT, SHARED_DATA, WIDE, Ended, Finished, bench
from worker_server import WorkerServer, no_fsync

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
gc.disable()  # until all is collected: modules and tests stay anyway, and looking through them again takes seconds
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it for what it starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
TORCH = importlib.util.find_spec("torch")
if not (TORCH and TORCH.cached and Path(TORCH.cached).is_file()) and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    # every process would compile torch and transformers anew; with a prefix it reads no bytecode from elsewhere, which
    # is why there is none where they are compiled (`make setup` does it)
    sys.dont_write_bytecode = False
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(ROOT / ".pytest_cache" / "pycache")


LONG_FIRST = (
    "shared_data_runs",
    "reproducibility",
    "conformance",
    "speed",
    "regress",
    "docs",
    "run",
    "generation",
    "commands",
)
"""Folders whose files take longest: begun last, one of them would keep one process busy when the other has nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, in their own order; leave out what reads real data that are not here."""
    rank = {name: number for number, name in enumerate(LONG_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(ROOT / "tests").parts[0], len(rank)))
    if not SHARED_DATA.is_dir():
        for item in items:
            if item.get_closest_marker("shared_data"):
                item.add_marker(pytest.mark.skip(reason=f"{SHARED_DATA} is not there"))


def pytest_collection_finish() -> None:
    """Collect garbage from here on, and never among what stays until the end."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep the tests of a file together, since they share what took long to make."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def workers() -> Iterator[None]:
    """Fork workers from one process that has imported torch, instead of importing it in each."""
    from benchbench.run import local

    server = WorkerServer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "PROCESSES", server)
        yield
    server.close()


@pytest.fixture(scope="session", autouse=True)
def quick_disk() -> Iterator[None]:
    """Wait for no disk: no test survives a power cut. `tests/store/test_durable.py` counts what is waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", no_fsync)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_command_tree() -> Iterator[None]:
    """Build the tree of all commands once for the command lines of this process, not for each a tenth of a second."""
    import typer.main

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One finished comparison, made by the first test process that asks and shared by all."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    made = base / "finished"
    made.mkdir(exist_ok=True)
    with (base / "finished.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        record = made / "ended.json"
        if not record.is_file():
            begun = Finished(made / "runs", made / "results", Ended(-1, "", ""))
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("COLUMNS", WIDE)
                ended = bench(*begun.line, "--workers", 2, "--runs", begun.runs, "--results", begun.results)
            record.write_text(json.dumps([ended.code, ended.out, ended.err]), encoding="utf-8")
        ended = Ended(*json.loads(record.read_text(encoding="utf-8")))
    assert ended.code == 0, ended.err
    return Finished(made / "runs", made / "results", ended)


@pytest.fixture
def no_room() -> Iterator[None]:
    """Nothing that this process writes into a file finds room; empty files can be made, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def write_yaml(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of text, or the micro setting with replacements, into this test's folder."""

    def write(name: str, text: str | None = None, *, swap: Mapping[str, str] | None = None) -> Path:
        text = MICRO.read_text(encoding="utf-8") if text is None else text
        for old, new in (swap or {}).items():
            assert text.count(old) >= 1, old
            text = text.replace(old, new)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder outside the checkout."""
    folder = tmp_path / "away"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real third-party data beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not there")
    return SHARED_DATA


@pytest.fixture(scope="session")
def cases(shared: Path) -> Path:
    """The folder of small inputs that failed, beside the real data."""
    folder = shared.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder
