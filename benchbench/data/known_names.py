"""Names of columns in the ecosystem's data: those that are ours under another name, and those without conversation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from benchbench.data.messages import is_empty
from benchbench.data.rows import Row

ALSO_CALLED: Mapping[str, tuple[str, ...]] = {
    "prompt": ("instruction", "question"),  # Alpaca; Orca
    "response": ("output",),  # Alpaca
    "system": ("system_prompt",),  # OpenOrca
    "messages": ("conversations", "conversation"),  # ShareGPT
    "label": ("kto_tag",),  # LLaMA-Factory
    "score_chosen": ("chosen_score", "chosen_rating", "chosen-rating"),  # Argilla
    "score_rejected": ("rejected_score", "rejected_rating", "rejected-rating"),
}
"""Our column -> what others call it; taken where the data has no column of ours with a value."""
METADATA: Mapping[str, tuple[str, ...]] = {
    "identifiers": (
        *("id", "prompt_id", "example_id", "uid", "uuid", "guid", "_id", "idx", "index", "row", "row_id", "sample_id"),
        *("question_id", "conversation_id", "conversation_hash", "hash", "__index_level_0__", "tstamp_id"),
    ),
    "sources": (
        *("source", "source_id", "data_source", "dataset", "dataset_name", "datasplit", "split", "subset", "origin"),
        *("prompt_source", "category", "categories", "cluster", "subcategory", "task", "task_type", "topic", "tags"),
        *("domain", "difficulty", "language", "lang", "license", "url", "meta", "metadata"),
    ),
    "models and people": (
        *("model", "models", "model_name", "generator", "chosen_model", "rejected_model", "model_a", "model_b"),
        *("chosen_policy", "rejected_policy", "judge", "labelling_model", "generation_model", "annotator"),
        *("annotators", "annotator_id", "worker_id", "user_id"),
    ),
    "times": ("timestamp", "tstamp", "time", "date", "created", "created_at", "updated_at"),
    "scores of another kind": ("score", "rating", "ratings", "margin", "score_diff", "reward", "rewards", "upvotes"),
    "counts": ("num_tokens", "num_turns", "turn", "length", "token_count", "len_chosen", "len_rejected"),
    "answers that others are compared with": ("reference", "references", "reference_answer"),
}
"""Columns and fields that carry no part of a conversation: never read (but for identifiers), named in the report."""
_METADATA = frozenset(name for names in METADATA.values() for name in names)


def is_metadata(name: str) -> bool:
    """Whether a column or field of this name is known to carry no part of a conversation."""
    return name.lower().replace("-", "_").replace(" ", "_") in _METADATA


def filled_columns(rows: Sequence[Row]) -> set[str]:
    """Columns with a value in some row; empty texts and lists are none."""
    filled = set[str]()
    for row in rows:
        filled |= {name for name, value in row.items() if name not in filled and not is_empty(value)}
    return filled


def other_names(rows: Sequence[Row], spare: Collection[str]) -> dict[str, str]:
    """Our columns that the rows have under a known other name -> that name; `spare` are names that stay as they are."""
    filled = filled_columns(rows)
    pair = {"chosen", "rejected"} <= filled
    renamed: dict[str, str] = {}
    for column, aliases in ALSO_CALLED.items():
        if column in filled or (column == "response" and filled & {"chosen", "rejected", "candidates", "completion"}):
            continue
        alias = next((alias for alias in aliases if alias in filled and alias not in spare), None)
        if alias is not None and column == "messages" and pair:
            if "prompt" not in filled and "prompt" not in renamed:
                renamed["prompt"] = alias  # as LLaMA-Factory has it: what chosen and rejected answer
        elif alias is not None:
            renamed[column] = alias
    return renamed


def under_our_names(rows: Sequence[Row], names: Mapping[str, str]) -> Sequence[Row]:
    """The rows with columns of other names under ours."""
    if not names:
        return rows
    ours = {alias: name for name, alias in names.items()}
    return [
        {ours.get(name, name): value for name, value in row.items() if name not in names or name in ours}
        for row in rows
    ]


def name_notes(rows: Sequence[Row], names: Mapping[str, str]) -> Counter[str]:
    """For the data report: in how many rows a column of another name was read as which of ours."""
    return Counter(
        {f"'{other}' read as {ours}": sum(not is_empty(row.get(ours)) for row in rows) for ours, other in names.items()}
    )
