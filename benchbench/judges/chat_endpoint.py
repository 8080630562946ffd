"""Any server that speaks the chat-completions protocol: a pairwise question, asked in both orders of the texts.

Its verdict stands on the last line: [[A]], [[B]] or [[C]] for a tie. An answer without one is asked for once more with
the same prompt, and a `seed` greater by one; then the verdict is missing and says so.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.judges._chat_options import HANDLING, Options
from benchbench.judges._chat_prompt import PARSER_VERSION, fill, parse, read_template

ASKED_AGAIN = "\n----- asked again -----\n"
"""Between two answers to one question in `raw`."""


def judge(options: Options, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
    """Ask for every contest, several at a time.

    Raises:
        BenchError: no key, no server, or one that stopped answering; every answer that came is yielded first.
    """
    from benchbench.judges._chat_client import ChatClient, StoppedError

    template = read_template(_template_path(options, context.folder))
    client = ChatClient(
        options.base_url,
        key=_key(options),
        timeout=options.timeout_seconds,
        retries=options.max_retries,
        backoff=options.backoff_seconds,
        per_minute=options.requests_per_minute,
        report=context.report,
    )
    with client, ThreadPoolExecutor(options.max_concurrency) as pool:
        # nothing is cancelled: once the client is stopped, what has not begun ends at once
        asked = {pool.submit(_ask, client, options, template, one): place for place, one in enumerate(contests)}
        fault: Exception | None = None
        try:
            for future in as_completed(asked):
                error = future.exception()
                if error is None:
                    yield asked[future], future.result()
                elif isinstance(error, Exception) and not isinstance(error, StoppedError):
                    fault = fault or error
                    client.stop()
        finally:
            client.stop()
        if fault is not None:
            raise fault


def _ask(client: Any, options: Options, template: str, contest: Contest) -> Verdict:
    from benchbench.judges._chat_client import RefusedError

    prompt, answers, usage, model = fill(template, contest), [], Counter[str](), ""
    note = ""
    for attempt in range(2):
        try:
            answer = client.complete(options.body(prompt, attempt))
        except RefusedError as error:
            if options.on_refused == "error":
                more = "set `on_refused: missing` to go on without this verdict"
                raise BenchError(f"judge chat_endpoint, example {contest.example}: {error}; {more}") from None
            return Verdict(None, ASKED_AGAIN.join(answers), str(error), usage, model)
        answers.append(answer.text)
        usage.update({"requests": answer.requests, **answer.tokens, **options.cost(answer.tokens)})
        model = answer.model
        verdict = None if answer.finish == "length" else parse(answer.text)
        if verdict is not None:
            return Verdict(verdict, ASKED_AGAIN.join(answers), "", usage, model)
        note = "answer cut at max_tokens" if answer.finish == "length" else "no verdict on the last line"
    return Verdict(None, ASKED_AGAIN.join(answers), f"{note}, asked twice", usage, model)


def _key(options: Options) -> str | None:
    if options.api_key_env is None:
        return None
    key = os.environ.get(options.api_key_env, "").strip()
    if not key:
        raise BenchError(
            f"judge chat_endpoint: expected a key in the environment variable {options.api_key_env}, found none",
            exit_code=ExitCode.UNAVAILABLE,
        )
    return key


def _template_path(options: Options, folder: Path) -> Path | None:
    return None if options.template is None else folder / options.template


def identity(options: Options, folder: Path) -> Mapping[str, str]:
    """The template's content and the parser; what model a name stands for today no server tells beforehand."""
    template = read_template(_template_path(options, folder))
    return {"template": hashlib.sha256(template.encode()).hexdigest(), "parser": str(PARSER_VERSION)}


JUDGE = Judge(
    name="chat_endpoint",
    version=1,
    options=Options,
    sees_slots=True,
    judge=judge,
    identity=identity,
    handling=HANDLING,
)
