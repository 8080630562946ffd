"""`--set dotted.key=value`: the one form of override."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchbench.core.errors import BenchError, Fault
from benchbench.recipe.document import is_unicode, plain
from benchbench.recipe.yaml_text import YamlTextError, read_yaml

_LONGEST_KEY = 200
"""Characters of a dotted key."""
_KEY = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")


@dataclass(frozen=True)
class Override:
    """One value laid over recipe and setting."""

    key: str
    value: Any

    @property
    def text(self) -> str:
        """As a user could write it: parsed again, it is this override."""
        return f"{self.key}={self.value if _is_plain(self.value) else json.dumps(self.value, ensure_ascii=False)}"


def parse_overrides(texts: Iterable[str]) -> tuple[Override, ...]:
    """Parse `key=value` texts; a value is read as YAML 1.2, so `5e-7` is a number and `no` is text.

    Raises:
        BenchError: a text without `=`, with a malformed key or value, or a key given twice.
    """
    parsed: list[Override] = []
    faults: list[Fault] = []
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
            faults.append(
                Fault(f"--set {_short(text)}", "expected dotted.key=value, for example preference.learning_rate=5e-7")
            )
            continue
        if any(key == other.key for other in parsed):
            faults.append(Fault(f"--set {text}", f"'{key}' is set twice; keep one"))
            continue
        around = next((o.key for o in parsed if key.startswith(f"{o.key}.") or o.key.startswith(f"{key}.")), None)
        if around is not None:
            faults.append(Fault(f"--set {text}", f"'{around}' and '{key}' overlap; keep one"))
            continue
        try:
            parsed.append(Override(key, _read(value)))
        except YamlTextError as error:
            reason = f"the value '{_short(value)}' is not valid YAML; put it in quotes"
            faults.append(Fault(f"--set {_short(text)}", reason if error.is_malformed else str(error)))
    if faults:
        raise BenchError.of_faults("command line", faults)
    return tuple(parsed)


def _read(text: str) -> Any:
    """A value as YAML 1.2 in JSON's types; a date stays text, nothing at all is the empty text."""
    if not text:
        return ""
    value = plain(read_yaml(text))
    if not is_unicode(value):
        raise YamlTextError("expected a text of Unicode, found half of a surrogate pair")
    return value


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}..."


def _is_plain(value: Any) -> bool:
    """Whether a value is a text that needs no quotes."""
    try:
        return isinstance(value, str) and _read(value) == value
    except YamlTextError:
        return False
