"""The parent's end of vLLM's process: start it, ask it, notice when it dies or hangs, end it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import benchbench
from benchbench.core.errors import BenchError, ExitCode
from benchbench.generation.engine_settings import EngineSettings
from benchbench.generation.vllm_process import SCRATCH_PREFIX
from benchbench.store.offline import VARIABLES as OFFLINE_VARIABLES

SERVER = "benchbench.generation.vllm_process"
SILENCE_SECONDS = 900.0
"""A process that says nothing for so long hangs. Starting says nothing: on CUDA it compiles for minutes."""
SPIN_COUNT = "1000"
"""Turns an OpenMP thread waits busily for the others. With libgomp's own 300000, two threads beside another busy
process fall to a tenth of their speed (180 instead of 2 000 tokens/s on 2 cores); it moves no number."""
POLL_SECONDS = 0.2
END_SECONDS = 10.0
TAIL_LINES = 3
"""Of what a dead process printed last, in the message."""


def variables(settings: EngineSettings) -> dict[str, str]:
    """Environment variables of the process: one process, deterministic scheduling, no network, no statistics."""
    chosen = {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CONFIGURE_LOGGING": "1",
        "VLLM_LOGGING_LEVEL": "INFO",  # a library of ours may have turned it down for itself, as TRL does
        "DO_NOT_TRACK": "1",
        "OMP_NUM_THREADS": str(settings.threads),
        "GOMP_SPINCOUNT": SPIN_COUNT,
        "TOKENIZERS_PARALLELISM": "false",
        **dict.fromkeys(OFFLINE_VARIABLES, "1"),  # weights are on disk; nothing else is needed
    }
    if settings.device_kind == "cuda" and ":" in settings.device:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        indices = [int(device.partition(":")[2]) for device in settings.devices or (settings.device,)]
        cards = [visible.split(",")[index].strip() if visible else str(index) for index in indices]
        chosen["CUDA_VISIBLE_DEVICES"] = ",".join(cards)
    return chosen


class Child:
    """One process, from its start to its end."""

    def __init__(self, environment: Mapping[str, str], *, log: Path | None, module: str = SERVER) -> None:
        """Start it.

        Args:
            environment: variables beside those of this process.
            log: file that what it prints is added to, or none.
            module: what it runs.
        """
        self.where = f"; all it printed is in {log}" if log else ""
        self._log = log.open("ab+") if log else tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        self._log_start = self._log.seek(0, os.SEEK_END)
        self._pipe, childs_end = Pipe()
        self._scratch = tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX)  # vLLM leaves files there
        root = str(Path(benchbench.__file__).parents[1])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        # not multiprocessing: a worker (run.worker) is a daemon, which may have no children there
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(childs_end.fileno())],
            env={**os.environ, **environment, "PYTHONPATH": path, "TMPDIR": self._scratch.name},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[childs_end.fileno()],
        )
        childs_end.close()
        self._end = weakref.finalize(self, _end, self._process, self._pipe, self._scratch)

    def alive(self) -> bool:
        """Whether the process runs and can be asked."""
        return self._process.poll() is None

    def ask(self, failure: str, **message: Any) -> Any:
        """Send a message and wait for its answer, however long there is progress.

        Args:
            failure: what could not be done, the beginning of an error.
            message: `do` and what belongs to it.

        Raises:
            BenchError: it answered with an error, died, or was silent for too long. It is ended then, since what
                state it is in is unknown.
        """
        try:
            self._pipe.send_bytes(json.dumps(message).encode())
            answer = self._hear()
        except (EOFError, OSError):
            raise self._error(failure, self._death()) from None
        except BaseException:
            self.close()  # an answer that nobody waited for must not be taken for the next one
            raise
        if "failed" in answer:
            raise self._error(failure, answer["failed"])
        return answer["done"]

    def _hear(self) -> dict[str, Any]:
        """The next answer; signs of progress are waited out."""
        heard = time.monotonic()
        while time.monotonic() - heard < SILENCE_SECONDS:
            if self._pipe.poll(POLL_SECONDS):
                answer = json.loads(self._pipe.recv_bytes())
                if "progress" not in answer:
                    return answer
                heard = time.monotonic()
            elif not self.alive():
                raise EOFError
        return {"failed": f"its process sent nothing for {SILENCE_SECONDS:.0f} s and was ended"}

    def _death(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code = self._process.poll()
        tail = " | ".join(self._tail()) or "nothing"
        hint = " (-9: killed, often out of memory)" if code == -9 else ""
        return f"its process ended with exit code {code}{hint}; it printed last: {tail}"

    def _tail(self) -> list[str]:
        if self._log.closed:  # asked again after its end
            return []
        self._log.seek(self._log_start)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return [line.strip() for line in lines if line.strip()][-TAIL_LINES:]

    def _error(self, failure: str, why: str) -> BenchError:
        self.close()
        return BenchError(
            f"{failure}: {why}{self.where}; engine: transformers does without vLLM", exit_code=ExitCode.FAILED
        )

    def close(self) -> None:
        """End it, at once if it does not end by itself."""
        self._end()
        self._log.close()


def _end(process: subprocess.Popen[bytes], pipe: Connection, scratch: tempfile.TemporaryDirectory[str]) -> None:
    pipe.close()  # it ends when it reads that
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    scratch.cleanup()
