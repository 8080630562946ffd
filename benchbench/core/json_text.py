"""JSON texts of anybody, read within limits: what cannot be read is one kind of error, which quotes nothing of them.

The interpreter's own parser raises four kinds of error, two of which (values nested too deep, numbers of thousands of
digits) are easily forgotten; and what it does read may still be nested deeper than whatever walks through it survives.
"""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 100
"""Values within values; models, tokenizers and rows have less than twenty."""


class JsonTextError(ValueError):
    """A text that is not read as JSON; says why, and quotes none of it."""


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Args:
        text: of anybody; bytes are UTF-8.

    Raises:
        JsonTextError: it is no JSON, nested too deep, or has a number of thousands of digits.
    """
    try:
        value = json.loads(text if isinstance(text, str) else text.decode())
    except json.JSONDecodeError as error:
        raise JsonTextError(str(error)) from None
    except UnicodeDecodeError as error:
        raise JsonTextError(f"no UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise JsonTextError("values nested too deep") from None
    except ValueError:  # the interpreter's own limit
        raise JsonTextError("a number of too many digits") from None
    opened = text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
    if opened > DEEPEST and _is_deep(value):
        raise JsonTextError("values nested too deep")
    return value


def _is_deep(value: Any) -> bool:
    """Whether a value has more than `DEEPEST` values within each other."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
