"""The cache of verdicts: every answer that a judge ever gave, in one SQLite database for each judge."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import fingerprint
from benchbench.core.judge import Contest, Verdict
from benchbench.store.damage import say, say_damage
from benchbench.store.files import sync
from benchbench.store.leases import check, hold
from benchbench.store.shared_folder import is_of_this_machine
from benchbench.store.verdict_records import FAULTS, read_old_answers, verdict_json, verdict_of

BUSY_SECONDS = 60.0
"""How long a process waits for others that write to the same database."""
FORMAT = 2
"""Of the database, as its `user_version`; a database of anything else has another."""
ROLLBACK = "DELETE"
"""The journal of a database that several hosts may see: it rests on locks alone."""
WITHOUT_CHECKSUMS = 1
"""The format before, which is brought to this one when it is opened."""
_TABLES = f"""
CREATE TABLE answers (key TEXT PRIMARY KEY, verdict TEXT NOT NULL, checksum TEXT) WITHOUT ROWID;
CREATE TABLE taken_over (file TEXT PRIMARY KEY, answers INTEGER NOT NULL, damaged INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {FORMAT};
"""
_UNAVAILABLE = ("BUSY", "LOCKED", "CANTOPEN", "READONLY", "FULL", "IOERR", "PERM", "AUTH")
"""Beginnings of SQLite's codes that say nothing against the database itself."""


def verdict_key(judge: Mapping[str, Any], contest: Contest) -> str:
    """What an answer is kept under: the judge's identity, the prompt, and both texts in their slots.

    Args:
        judge: everything that pins the judge's verdicts, as plain values.
        contest: neither the example's name nor the sample's number counts.
    """
    return fingerprint(
        {
            "judge": judge,
            "prompt": [[message.role, message.content] for message in contest.prompt],
            "texts": [[contest.first, contest.first_ended], [contest.second, contest.second_ended]],
        }
    )


class VerdictCache:
    """Answers of one judge by `verdict_key`.

    Every answer is kept before `add` returns. Several processes may add to one database at once, each sees what the
    others added, and the first answer to a question is the one that all of them keep. Where the database is not there
    yet, it is made, and the answers of a file of JSON lines beside it are taken over, once.

    Args:
        path: of the database; an earlier version's file has the same name, ending in .jsonl.
        report: called with a line for people where answers were taken over.

    Raises:
        BenchError: the file is no such database, or cannot be opened; as every other call does.
    """

    def __init__(self, path: Path, report: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._report = report
        self._database: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._close: Callable[[], object] = lambda: None
        self._run("SELECT 1")  # opens or makes the database, so that its faults are said before a judge is asked

    @classmethod
    def of(cls, root: Path, judge: Mapping[str, Any], report: Callable[[str], None] = lambda _: None) -> VerdictCache:
        """The cache of a judge below a `runs/` folder: verdicts/<name>-<fingerprint of its identity>.sqlite."""
        return cls(root / "verdicts" / f"{judge['name']}-{fingerprint(judge)}.sqlite", report)

    def __len__(self) -> int:
        return self._run("SELECT count(*) FROM answers")[0][0]

    @property
    def damaged(self) -> int:
        """Lines that were no verdict, in the files that answers were taken over from."""
        return self._run("SELECT coalesce(sum(damaged), 0) FROM taken_over")[0][0]

    def get(self, key: str) -> Verdict | None:
        """The answer that was given, a missing verdict included; none where the judge was never asked.

        An answer that is not as it was kept is said and taken out, so that the judge is asked again.
        """
        rows = self._run("SELECT verdict, checksum FROM answers WHERE key = ?", (key,))
        if rows and (present := answer_checksum(key, rows[0][0])) != rows[0][1]:
            self._run("DELETE FROM answers WHERE key = ? AND verdict = ?", (key, rows[0][0]))
            kept_as, now = str(rows[0][1])[:12], present[:12]
            say_damage(f"{self.path}: answer {key} was kept as {kept_as} and is now {now}; the judge is asked again")
            return None
        try:
            return verdict_of(rows[0][0])[0] if rows else None
        except FAULTS as error:
            raise _damaged(self.path, f"answer {key}: {error}") from None

    def add(self, key: str, verdict: Verdict) -> Verdict:
        """Keep an answer; what comes back is the kept one, another process's where that was first."""
        # what was paid for outlives a power cut; for the rest, which waits for no disk, it is enough to outlive us
        self._run(f"PRAGMA synchronous = {'FULL' if verdict.usage else 'NORMAL'}")
        text = verdict_json(verdict)
        row = (key, text, answer_checksum(key, text))
        self._run("INSERT INTO answers VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
        return self.get(key) or verdict

    @contextmanager
    def alone(self, should_stop: Callable[[], bool], waiting: Callable[[str], None]) -> Iterator[bool]:
        """Be the one process that asks this judge while the block lasts.

        Args:
            should_stop: looked at twice a second while another process is at it.
            waiting: told once, in a line, for which process it waits.

        Yields:
            Whether the turn came; not where it was to stop.
        """
        path = self.path.with_suffix(".lease")
        with hold(path, guards=path, should_stop=should_stop, waiting=waiting) as is_ours:
            yield is_ours

    def _run(self, statement: str, values: tuple[str, ...] = ()) -> list[Any]:
        """The rows that a statement gives; it is carried out as a whole or not at all."""
        try:
            return self._connected().execute(statement, values).fetchall()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").startswith(_UNAVAILABLE):
                raise BenchError(
                    f"{self.path}: expected a database that can be read and written, found an error ({error}); "
                    "check the disk, and which process has locked the file",
                    exit_code=ExitCode.UNAVAILABLE,
                ) from None
            raise _damaged(self.path, str(error)) from None

    def _connected(self) -> sqlite3.Connection:
        """A connection to the file that is there now, which somebody may have thrown away since the last call."""
        if self._database is not None and _identity(self.path) == self._file:
            return self._database
        self._close()
        _make(self.path, self._report)
        address = f"{self.path.absolute().as_uri()}?mode=rw"  # never makes an empty one
        database = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._close = weakref.finalize(self, database.close)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if _journal(self.path) == ROLLBACK and database.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            database.execute(f"PRAGMA journal_mode = {ROLLBACK}")  # made where one machine saw it
        if version == WITHOUT_CHECKSUMS:
            version = _with_checksums(database)
        if version != FORMAT:
            raise _damaged(self.path, f"its user_version is {version}, not {FORMAT}")
        self._database, self._file = database, _identity(self.path)
        return database


def answer_checksum(key: str, text: str) -> str:
    """sha256 of an answer's text and of what it answers."""
    return sha256(f"{key}\n{text}".encode()).hexdigest()


def damaged_answers(path: Path) -> list[str]:
    """Keys of the answers in a database that are not as they were kept; nothing is changed.

    Raises:
        BenchError: exit code 5; the file is no such database, or cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] == WITHOUT_CHECKSUMS:
                return []
            rows = database.execute("SELECT key, verdict, checksum FROM answers ORDER BY key").fetchall()
    except sqlite3.Error as error:
        raise _damaged(path, str(error)) from None
    return [key for key, text, checksum in rows if answer_checksum(key, text) != checksum]


def _with_checksums(database: sqlite3.Connection) -> int:
    """Give the answers of the format before their checksums, as they are now; returns the format."""
    database.create_function("answer_checksum", 2, answer_checksum, deterministic=True)
    database.execute("BEGIN IMMEDIATE")
    if database.execute("PRAGMA user_version").fetchone()[0] == WITHOUT_CHECKSUMS:  # else another process did it
        database.execute("ALTER TABLE answers ADD COLUMN checksum TEXT")
        database.execute("UPDATE answers SET checksum = answer_checksum(key, verdict)")
        database.execute(f"PRAGMA user_version = {FORMAT}")
    database.execute("COMMIT")
    return FORMAT


def _make(path: Path, report: Callable[[str], None]) -> None:
    """Put a database in its place, whole, with what an earlier version kept; nothing where one is there."""
    if path.exists():
        return
    with hold(path.with_suffix(".making"), guards=path, waiting=say):
        if path.exists():
            return
        for name in (f"{path}-wal", f"{path}-shm"):  # of one that was thrown away
            Path(name).unlink(missing_ok=True)
        old, draft = path.with_suffix(".jsonl"), path.with_name(f".{path.name}")
        answers = read_old_answers(old)
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.execute(f"PRAGMA journal_mode = {_journal(path)}")
            database.executescript(f"BEGIN;{_TABLES}")
            texts = ((key, verdict_json(verdict)) for key, verdict in answers.verdicts.items())
            rows = ((key, text, answer_checksum(key, text)) for key, text in texts)
            database.executemany("INSERT INTO answers VALUES (?, ?, ?)", rows)
            counts = (old.name, len(answers.verdicts), answers.damaged)
            database.execute("INSERT INTO taken_over VALUES (?, ?, ?)", counts)
            database.execute("COMMIT")
        sync(draft)
        check(path)
        draft.rename(path)
        sync(path.parent)
    if answers.verdicts or answers.damaged:
        left_out = f"; {answers.damaged} damaged lines were left out" if answers.damaged else ""
        report(f"{path}: {len(answers.verdicts)} answers taken over from {old.name}{left_out}")


def _journal(path: Path) -> str:
    """How a database outlives a killed writer: on one machine by a log that readers share in memory."""
    return "WAL" if is_of_this_machine(path.parent) else ROLLBACK


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of its name; none where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _damaged(path: Path, what: str) -> BenchError:
    return BenchError(
        f"{path}: expected a cache of verdicts, found a damaged or foreign file ({what}); put a copy in its place, or "
        "move it away, and the judge is asked again",
        exit_code=ExitCode.UNAVAILABLE,
    )
