"""Any server that speaks the chat-completions protocol: a pairwise question, asked in both orders of the texts.

Its verdict stands on the last line: [[A]], [[B]] or [[C]] for a tie. An answer without one is asked for once more with
the same prompt, and a `seed` greater by one; then the verdict is missing and says so.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.judge import UNCOUNTED, Contest, Judge, JudgeContext, Verdict
from benchbench.judges.chat_endpoint.options import HANDLING, ChatOptions
from benchbench.judges.chat_endpoint.prompt import PARSER_VERSION, fill, parse, read_template

ASKED_AGAIN = "\n----- asked again -----\n"
"""Between two answers to one question in `raw`."""


def judge(options: ChatOptions, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
    """Ask for every contest, several at a time.

    Raises:
        BenchError: no key, no server, one that stopped answering or refuses everything, or another template than was
            planned; every answer that came is yielded first.
    """
    from benchbench.judges.chat_endpoint.client import ChatClient
    from benchbench.judges.chat_endpoint.loop import answers

    template = read_template(_template_path(options, context.folder))
    context.require("template", _hash(template), f"judge.options.template ({options.template})")
    client = ChatClient(
        options.base_url,
        key=options.key(),
        timeout=options.timeout_seconds,
        retries=options.max_retries,
        backoff=options.backoff_seconds,
        per_minute=options.requests_per_minute,
        report=context.report,
    )
    refused, uncounted = [], 0.0
    ask, at_a_time = partial(_ask, options, template), options.max_concurrency
    with closing(answers(client, ask, contests, at_a_time=at_a_time, should_stop=context.should_stop)) as coming:
        for place, verdict in coming:
            refused += [] if verdict.usage else [verdict.note]
            uncounted += verdict.usage.get(UNCOUNTED, 0)
            yield place, verdict
    if uncounted:
        context.report(f"{options.base_url}: tokens of {uncounted:g} answers were not counted; the cost is unknown")
    if refused and len(refused) == len(contests) and not context.known:
        raise BenchError(f"judge chat_endpoint: none of {len(contests)} questions was answered: {refused[0]}")


async def _ask(options: ChatOptions, template: str, client: Any, contest: Contest) -> Verdict:
    from benchbench.judges.chat_endpoint.client import RefusedError

    prompt, answers, usage, model = fill(template, contest), [], Counter[str](), ""
    note = ""
    for attempt in range(2):
        try:
            answer = await client.complete(options.body(prompt, attempt))
        except RefusedError as error:
            if options.on_refused == "error":
                more = "set `on_refused: missing` to go on without this verdict"
                raise BenchError(f"judge chat_endpoint, example {contest.example}: {error}; {more}") from None
            return Verdict(None, ASKED_AGAIN.join(answers), str(error), usage, model)
        except UnicodeEncodeError:
            return Verdict(None, note="half of a surrogate pair in a text, which no request can hold")
        answers.append(answer.text)
        usage.update({"requests": answer.requests, **answer.tokens, **options.cost(answer.tokens)})
        model = answer.model
        verdict = None if answer.finish == "length" else parse(answer.text)
        if verdict is not None:
            return Verdict(verdict, ASKED_AGAIN.join(answers), "", usage, model)
        note = "answer cut at max_tokens" if answer.finish == "length" else "no verdict on the last line"
    return Verdict(None, ASKED_AGAIN.join(answers), f"{note}, asked twice", usage, model)


def _template_path(options: ChatOptions, folder: Path) -> Path | None:
    return None if options.template is None else folder / options.template


def identity(options: ChatOptions, folder: Path) -> Mapping[str, str]:
    """The template's content and the parser; which model a name stands for today, no server reveals beforehand."""
    template = read_template(_template_path(options, folder))
    return {"template": _hash(template), "parser": str(PARSER_VERSION)}


def _hash(template: str) -> str:
    return hashlib.sha256(template.encode()).hexdigest()


JUDGE = Judge(
    name="chat_endpoint",
    version=1,
    options=ChatOptions,
    sees_slots=True,
    judge=judge,
    identity=identity,
    handling=HANDLING,
    on_missing=frozenset({"on_refused"}),
    pinned_by={"template": "template"},
    asked_alone=True,
)
