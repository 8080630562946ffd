"""Files of a user's methods, for tests: one that works, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

from benchbench.commands.new_method import new_method

SPOILED = {
    "raises at import": (
        "from typing import TYPE_CHECKING\n",
        "from typing import TYPE_CHECKING\nimport nothing_of_that_name\n",
        "ModuleNotFoundError",
    ),
    "has a syntax error": ("def loss(", "def loss((", "SyntaxError"),
    "leaves Python": (
        "from typing import TYPE_CHECKING\n",
        "from typing import TYPE_CHECKING\nraise SystemExit(3)\n",
        "SystemExit: 3",
    ),
    "has no METHOD": ("METHOD = Method(", "OTHER = Method(", "found no METHOD"),
    "has a METHOD of another kind": ("METHOD = Method(", "METHOD = dict(", "found dict"),
    "has another name": ('name="mine"', 'name="theirs"', "METHOD.name 'mine', as the file is called, found 'theirs'"),
    "returns a scalar": (
        "return -F.logsigmoid(chosen - rejected)",
        "return -F.logsigmoid(chosen - rejected).mean()",
        "a scalar",
    ),
    "reads what it did not declare": (
        "return -F.logsigmoid(chosen - rejected)",
        "return -F.logsigmoid(chosen - scores.reference.sum()[:, 0])",
        "declare Need.REFERENCE",
    ),
    "depends on its batch": (
        "return -F.logsigmoid(chosen - rejected)",
        "return -F.logsigmoid(chosen - rejected - rejected.mean())",
        "one by one",
    ),
}
"""What is wrong -> (text of the working file, what stands there instead, what the message says)."""


def write_method(folder: Path, name: str = "mine", *, swap: tuple[str, str] | None = None) -> Path:
    """The file of a method that works, or with one text replaced by another."""
    path, test = new_method(name, folder)
    test.unlink()
    text = path.read_text(encoding="utf-8")
    if swap is not None:
        assert text.count(swap[0]) >= 1, swap[0]
        path.write_text(text.replace(swap[0], swap[1], 1), encoding="utf-8")
    return path
