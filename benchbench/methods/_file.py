"""A method from a file that the user named: read once, and called after its content.

The content of the file is part of the method's name (`my_method+3f2a91c0d4e5b678`), so that everything that is
identified by its method is identified by that content, too.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from benchbench.core.errors import BenchError, ExitCode, StoppedBySignal
from benchbench.core.hashing import FINGERPRINT_LENGTH
from benchbench.core.method import CONTENT_SIGN, Method, full_name, plain_name
from benchbench.store.files import read_bytes

_MODULE = "benchbench_method_of_a_file_"
MOVED = "the method changed since it was planned; run the command again, which plans with it as it is"


def read_method(path: Path, *, built_in: Collection[str]) -> Method:
    """The method that a file defines, under its name with the hash of the file's content.

    The file is executed, and nothing else: its folder is not searched for imports.

    Args:
        path: a Python file with a `METHOD`.
        built_in: names that are taken.

    Raises:
        BenchError: there is no such file, it raises, has no `METHOD`, or its name is wrong or taken.
    """
    if path.suffix != ".py":  # any other file may hold a secret, which Python's messages would quote
        raise BenchError(f"{path}: expected a Python file that defines METHOD, found a name that does not end in .py")
    try:
        source = read_bytes(path)
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise BenchError(f"{path}: {reason}; expected a Python file that defines METHOD") from None
    refuse_name(path.stem, built_in, where=str(path))
    content = hashlib.sha256(source).hexdigest()[:FINGERPRINT_LENGTH]
    known = sys.modules.get(_module_name(full_name(path.stem, content)))
    module = known or _executed(path, source, full_name(path.stem, content))
    return named_method(module, path.stem, content, where=str(path))


def loaded_method(name: str) -> Method | None:
    """The method that a file gave to this process under a name with its content; none where no file did."""
    module = sys.modules.get(_module_name(name))
    plain, _, content = name.partition(CONTENT_SIGN)
    return None if module is None else named_method(module, plain, content, where=name)


def refuse_name(name: str, built_in: Collection[str], *, where: str) -> None:
    """Return only if a method of a user's may have the name.

    Raises:
        BenchError: it is no Python name, or a built-in method has it.
    """
    if not name.isidentifier():
        raise BenchError(f"{where}: expected a name of letters, digits and _, got '{name}'; rename the file")
    if name in built_in:
        raise BenchError(
            f"{where}: expected a name that no built-in method has, got '{name}'; rename it, with its METHOD.name, "
            f"such as my_{name}"
        )


def named_method(owner: object, name: str, content: str, *, where: str) -> Method:
    """The `METHOD` of a module (or the method itself), under its name with its content.

    Raises:
        BenchError: there is none, it is something else, or it has another name.
    """
    method = owner if isinstance(owner, Method) else getattr(owner, "METHOD", None)
    if method is None:
        raise BenchError(
            f"{where}: expected METHOD = Method(name='{name}', ...) at top level, found no METHOD; "
            "`bench methods new NAME` writes a file that works"
        )
    if not isinstance(method, Method):
        raise BenchError(
            f"{where}: expected METHOD to be a benchbench.core.method.Method, found {type(method).__name__}; "
            "`bench methods new NAME` writes a file that works"
        )
    if method.name != name:
        raise BenchError(
            f"{where}: expected METHOD.name '{name}', as the file is called, found '{method.name}'; "
            "give both the same name"
        )
    return replace(method, name=full_name(name, content))


def refuse_moved(method: Method, planned: str, *, where: str) -> None:
    """Return only if a method has the content that its planned name says; a name without content takes any.

    Raises:
        BenchError: exit code 5; the content moved since it was planned.
    """
    if plain_name(planned) != plain_name(method.name):
        raise BenchError(
            f"{where}: expected method '{plain_name(planned)}', found '{plain_name(method.name)}'; "
            "a file is called after its method"
        )
    if CONTENT_SIGN in planned and planned != method.name:
        raise BenchError(
            f"{where}: expected '{planned}', found '{method.name}'; {MOVED}", exit_code=ExitCode.UNAVAILABLE
        )


def raised(error: BaseException, file: str = "") -> str:
    """What an error says, and the line that raised it.

    Args:
        error: as it was caught.
        file: whose line is wanted; empty for the file that raised, which is named then.
    """
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not file or f.filename == file]
    place = f" (line {frames[-1].lineno}{'' if file else f' of {Path(frames[-1].filename).name}'})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _module_name(name: str) -> str:
    return _MODULE + name.replace(CONTENT_SIGN, "_")


def _executed(path: Path, source: bytes, name: str) -> ModuleType:
    """A module made of the very bytes that were hashed; no bytecode is written or read."""
    module = ModuleType(_module_name(name))
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look up their module by name
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    except (KeyboardInterrupt, StoppedBySignal):
        raise
    except BaseException as error:  # a file may even call sys.exit
        del sys.modules[module.__name__]
        raise BenchError(
            f"{path}: expected a file that can be imported, it raised {raised(error, str(path))}; mend that line"
        ) from None
    return module
