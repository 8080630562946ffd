"""A page as one HTML file that reads nothing from elsewhere: styles, script, figures and answers are in it.

Texts are escaped by the template engine, with whatever in them a reader cannot see; answers stand as JSON that cannot
end its element, and a policy within the page forbids every script and every address but what it holds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchbench.core.shown_text import visible
from benchbench.report.figures.style import as_data_url
from benchbench.report.page.blocks import AnswerBrowser, Page

_FOLDER = Path(__file__).parent
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""Within JSON these stand only in strings, where their escapes mean the same."""


def html_page(page: Page) -> str:
    """The whole document."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    script = (_FOLDER / "page.js").read_text(encoding="utf-8")
    engine = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_seen,
    )
    browsers = [block for _, blocks in page.sections for block in blocks if isinstance(block, AnswerBrowser)]
    return engine.get_template("page.html.j2").render(
        page=page,
        policy=_policy(style, script),
        style=style,
        script=script,
        addresses={figure.name: as_data_url(figure.svg) for figure in page.figures},
        contests=script_json(browser_data(browsers[0])) if browsers else "",
    )


def _seen(value: Any) -> Any:
    """What stands in the page of a value: texts without a character that nobody sees, such as one that turns a line."""
    return visible(value, keep="\n\t") if isinstance(value, str) and not isinstance(value, Markup) else value


def script_json(value: Any) -> str:
    """A value as JSON for a script element: ASCII, without any character that could end the element or begin a tag."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def browser_data(browser: AnswerBrowser) -> Mapping[str, Any]:
    """What the page's script reads: every prompt once, and the contests without it."""
    prompts = {contest["example"]: contest["prompt"] for contest in browser.contests}
    contests = [{name: value for name, value in c.items() if name != "prompt"} for c in browser.contests]
    return {"prompts": prompts, "contests": contests}


def _policy(style: str, script: str) -> str:
    """What the page may load: its own styles and its own script, by their content, and pictures that it holds."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
