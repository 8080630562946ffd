"""Files by split: every format, renamed columns, held-out parts, limits, and what is said when something is amiss."""

from __future__ import annotations

import gzip
import json

import pytest
from pydantic import TypeAdapter

from benchbench.core.errors import BenchError, ExitCode
from benchbench.sources import local_files
from benchbench.sources.local_files import LocalFilesOptions

ROWS = [
    {"id": f"r{i}", "prompt": f"question {i % 80}", "chosen": f"good {i}", "rejected": f"bad {i}", "split": "train"}
    for i in range(100)
]


def lines(rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def write(path, rows):
    """The rows in the format that the file's name says."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Dataset

    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.name.startswith("folder"):
        Dataset.from_list(rows).save_to_disk(str(path))
    elif ".jsonl" in path.name:
        path.write_bytes(gzip.compress(lines(rows)) if path.suffix == ".gz" else lines(rows))
    else:
        text = json.dumps(rows).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.json.gz", "a.parquet", "folder"])
def test_every_format_gives_the_same_examples(tmp_path, name):
    write(tmp_path / name, ROWS[:5])
    loaded = local_files.load(LocalFilesOptions(files={"train": name}), tmp_path)
    assert [example.id for example in loaded["train"]] == ["r0", "r1", "r2", "r3", "r4"]
    assert loaded["train"][3].candidates == ("good 3", "bad 3")
    assert loaded.readings["train"].rows == 5
    identity = local_files.identity(LocalFilesOptions(files={"train": name}), tmp_path)
    assert list(identity) == [name] and len(identity[name]) == 64


def test_several_files_make_one_split_in_the_order_given(tmp_path):
    write(tmp_path / "a.jsonl", ROWS[:2])
    write(tmp_path / "b.json", ROWS[2:4])
    options = LocalFilesOptions(files={"train": ["b.json", "a.jsonl"], "test": "a.jsonl"})
    loaded = local_files.load(options, tmp_path)
    assert [example.id for example in loaded["train"]] == ["r2", "r3", "r0", "r1"]
    assert len(loaded["test"]) == 2
    assert set(local_files.identity(options, tmp_path)) == {"a.jsonl", "b.json"}


def test_one_file_with_a_split_column(tmp_path):
    write(tmp_path / "a.jsonl", [{**row, "split": "test" if i % 4 == 0 else "train"} for i, row in enumerate(ROWS)])
    loaded = local_files.load(LocalFilesOptions(path="a.jsonl", split_column="split"), tmp_path)
    assert {split: len(examples) for split, examples in loaded.items()} == {"test": 25, "train": 75}


def test_renamed_and_further_columns(tmp_path):
    rows = [{"question": "q", "good": "a", "bad": "b", "p_chosen": 0.75, "help": [1, 2]}]
    write(tmp_path / "a.jsonl", rows)
    rename = {"prompt": "question", "chosen": "good", "rejected": "bad", "helpfulness": "help"}
    options = LocalFilesOptions(files={"train": "a.jsonl"}, rename=rename, columns=["p_chosen", "helpfulness"])
    example = local_files.load(options, tmp_path)["train"][0]
    assert example.candidates == ("a", "b")
    assert example.columns == {"p_chosen": 0.75, "helpfulness": (1.0, 2.0)}


def test_holdout_takes_whole_prompts_and_always_the_same_ones(tmp_path):
    write(tmp_path / "a.jsonl", ROWS)
    options = LocalFilesOptions(files={"train": "a.jsonl"}, holdout={"test": 0.25, "validation": 0.15})
    loaded = local_files.load(options, tmp_path)
    prompts = {split: {example.prompt for example in examples} for split, examples in loaded.items()}
    assert not prompts["train"] & prompts["test"]
    assert not prompts["train"] & prompts["validation"]
    assert not prompts["test"] & prompts["validation"]
    assert sum(len(examples) for examples in loaded.values()) == 100
    assert 10 <= len(loaded["test"]) <= 40 and 5 <= len(loaded["validation"]) <= 28
    assert loaded.readings["train"].notes == {"moved to held-out splits": 100 - len(loaded["train"])}

    write(tmp_path / "a.jsonl", ROWS[::-1])
    turned = local_files.load(
        LocalFilesOptions(files={"train": "a.jsonl"}, holdout={"validation": 0.15, "test": 0.25}), tmp_path
    )
    for split, examples in loaded.items():
        assert {example.id for example in turned[split]} == {example.id for example in examples}


def test_ratings_decide_unless_the_options_say_otherwise(tmp_path):
    rows = [{"prompt": f"q{i}", "candidates": ["a", "b"], "scores": [1, 9]} for i in range(20)]
    write(tmp_path / "a.jsonl", rows)
    files = {"train": "a.jsonl"}
    loaded = local_files.load(LocalFilesOptions(files=files, holdout={"test": 0.5}), tmp_path)
    assert {example.candidates for examples in loaded.values() for example in examples} == {("b", "a")}
    given = LocalFilesOptions(files=files, holdout={"test": 0.5}, preferred_by="given", max_contradicted=1.0)
    loaded = local_files.load(given, tmp_path)
    assert {example.candidates for examples in loaded.values() for example in examples} == {("a", "b")}
    with pytest.raises(BenchError, match=r"a\.jsonl, split 'train': expected the first response .* 20 of 20 rated"):
        local_files.load(LocalFilesOptions(files=files, preferred_by="given"), tmp_path)


def test_a_split_carved_out_of_candidates_in_no_order_is_in_none(tmp_path):
    write(tmp_path / "a.jsonl", [{"prompt": f"q{i}", "candidates": ["a", "b"]} for i in range(20)])
    loaded = local_files.load(
        LocalFilesOptions(files={"train": "a.jsonl"}, holdout={"test": 0.5}, limit={"test": 2}), tmp_path
    )
    assert [loaded.readings[split].ordered for split in ("train", "test")] == [False, False]


def test_limit_comes_last(tmp_path):
    write(tmp_path / "a.jsonl", ROWS)
    options = LocalFilesOptions(files={"train": "a.jsonl"}, holdout={"test": 0.25}, limit={"test": 3})
    whole = local_files.load(LocalFilesOptions(files={"train": "a.jsonl"}, holdout={"test": 0.25}), tmp_path)
    loaded = local_files.load(options, tmp_path)
    assert tuple(loaded["test"]) == tuple(whole["test"][:3])
    assert loaded.readings["test"].notes["left out by limit"] == len(whole["test"]) - 3


def test_identity_follows_the_bytes(tmp_path):
    options = LocalFilesOptions(files={"train": "a.jsonl"})
    write(tmp_path / "a.jsonl", ROWS[:3])
    before = local_files.identity(options, tmp_path)
    assert local_files.identity(options, tmp_path) == before
    write(tmp_path / "a.jsonl", ROWS[:4])
    assert local_files.identity(options, tmp_path) != before


@pytest.mark.parametrize("call", [local_files.load, local_files.identity])
def test_a_missing_file_is_unavailable_and_named(tmp_path, call):
    with pytest.raises(BenchError, match=r"nowhere/a\.jsonl: no such file") as caught:
        call(LocalFilesOptions(files={"train": "nowhere/a.jsonl"}), tmp_path)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE


def test_missing_columns_are_named_with_those_found(tmp_path):
    write(tmp_path / "a.jsonl", [{"question": "q", "answer": "a"}])
    with pytest.raises(
        BenchError, match="expected the columns chosen, rejected; or .* found answer, question"
    ) as caught:
        local_files.load(LocalFilesOptions(files={"train": "a.jsonl"}), tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "expected rows for split 'train', found none"),
        ("a.jsonl", b"\n\n", "expected rows for split 'train', found none"),
        ("a.json", b"[]", "expected rows for split 'train', found none"),
        ("a.jsonl", b'{"prompt": "", "chosen": "a", "rejected": "b"}\n', "no row .* empty prompt: 1"),
        ("a.jsonl", b'{"prompt": "q"\n', r"a\.jsonl:1: expected one JSON object"),
        ("a.jsonl", b'\n["q"]\n', r"a\.jsonl:2: expected a JSON object, found list"),
        ("a.json", b'{"prompt": "q"}', "expected a list of rows, found one dict"),
        ("a.json", b'{"a": 1}\n{"a": 2}\n', r"expected one JSON list .*JSON lines end in \.jsonl"),
        ("a.json", b"[1]", "row 0: expected a JSON object, found int"),
        ("a.jsonl", b'{"prompt": "\xff"}', r"cannot be read as \.jsonl"),
        ("a.jsonl.gz", b"no gzip", r"cannot be read as \.jsonl\.gz"),
        ("a.jsonl.gz", gzip.compress(b"{}" * 50, mtime=0)[:-9], r"cannot be read as \.jsonl\.gz"),
        ("a.parquet", b"no parquet", r"cannot be read as \.parquet"),
        ("a.csv", b"prompt,chosen\n", r"expected a file ending in \.jsonl"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BenchError, match=message) as caught:
        local_files.load(LocalFilesOptions(files={"train": name}), tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_byte_order_mark_and_line_separators_inside_texts_are_no_trouble(tmp_path):
    row = {"prompt": "one\u2028two", "response": "a\u0085b"}
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(row, ensure_ascii=False).encode() + b"\r\n")
    example = local_files.load(LocalFilesOptions(files={"sft": "a.jsonl"}), tmp_path)["sft"][0]
    assert example.prompt[0].content == "one\u2028two" and example.candidates == ("a\u0085b",)


def test_a_folder_of_several_splits_says_which_folder_to_name(tmp_path):
    from datasets import Dataset, DatasetDict

    DatasetDict({"train": Dataset.from_list(ROWS[:2])}).save_to_disk(str(tmp_path / "folder"))
    with pytest.raises(BenchError, match="holds several splits; name one of its folders: train"):
        local_files.load(LocalFilesOptions(files={"train": "folder"}), tmp_path)
    assert len(local_files.load(LocalFilesOptions(files={"train": "folder/train"}), tmp_path)["train"]) == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match="expected a folder made by datasets' save_to_disk"):
        local_files.load(LocalFilesOptions(files={"train": "empty"}), tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": {"tset": 3}}, r"data\.options\.limit\.tset: expected one of train"),
        ({"holdout": {"test": 0.1}, "holdout_from": "trian"}, "holdout_from: expected one of train, got 'trian'"),
        ({"holdout": {"train": 0.1}}, "holdout: expected new splits, got train"),
        ({"holdout": {"test": 1e-9}}, "holdout: split 'test' gets no example"),
        ({"rename": {"chosen": "choosen"}}, "rename names columns .* Did you mean 'chosen'"),
        ({"columns": ["weight"]}, "expected the columns weight; found chosen, id, prompt, rejected, split"),
        ({"ignore_columns": ["choosen"]}, r"ignore_columns: .*: choosen\. Did you mean 'chosen'"),
    ],
)
def test_options_that_do_not_fit_the_data(tmp_path, options, message):
    write(tmp_path / "a.jsonl", ROWS)
    with pytest.raises(BenchError, match=message) as caught:
        local_files.load(LocalFilesOptions(files={"train": "a.jsonl"}, **options), tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE


def test_what_every_split_would_lose_is_told_at_once(tmp_path):
    write(tmp_path / "a.jsonl", [{**ROWS[0], "context": "c"}])
    write(tmp_path / "b.jsonl", [{**ROWS[0], "hint": "h"}])
    options = {"files": {"train": "a.jsonl", "test": "b.jsonl"}}
    with pytest.raises(BenchError, match=r"(?s)a\.jsonl: .*context: .*b\.jsonl: .*hint: "):
        local_files.load(LocalFilesOptions(**options), tmp_path)
    loaded = local_files.load(LocalFilesOptions(**options, ignore_columns=["context", "hint"]), tmp_path)
    assert [reading.not_read for reading in loaded.readings.values()] == [("split",), ("split",)]


def test_the_column_of_splits_is_read_whatever_its_name(tmp_path):
    write(tmp_path / "a.jsonl", [{**row, "fold": "train", "split": None} for row in ROWS])
    options = LocalFilesOptions(path="a.jsonl", split_column="fold", holdout={"test": 0.25})
    readings = local_files.load(options, tmp_path).readings
    assert readings["train"].not_read == readings["test"].not_read == ()


@pytest.mark.parametrize("value", [None, 3, ""])
def test_a_row_without_a_split_is_named(tmp_path, value):
    write(tmp_path / "a.jsonl", [ROWS[0], {**ROWS[1], "split": value}])
    with pytest.raises(BenchError, match="row 1: expected a split's name in column 'split'"):
        local_files.load(LocalFilesOptions(path="a.jsonl", split_column="split"), tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "files: expected exactly one of files and path"),
        ({"files": {"train": "a"}, "path": "b"}, "files: expected exactly one of files and path"),
        ({"path": "b"}, "split_column: expected together with path"),
        ({"files": {"train": "a"}, "split_column": "split"}, "split_column: expected together with path"),
        ({"files": {"train": []}}, r"files\.train: expected one or several"),
        ({"files": {"train": ["a", "a"]}}, r"files\.train: expected one or several"),
        ({"files": {"train": "a"}, "limit": {"train": 0}}, r"limit\.train: expected a number of examples >= 1, got 0"),
        ({"files": {"train": "a"}, "holdout": {"test": 1.0}}, r"holdout\.test: expected a fraction"),
        ({"files": {"train": "a"}, "holdout": {"a": 0.5, "b": 0.5}}, "holdout: expected fractions that leave"),
        ({"files": {"train": "a"}, "rename": {"choosen": "x"}}, "rename: expected one of .* Did you mean 'chosen'"),
        ({"files": {"train": "a"}, "columns": ["score"]}, "columns: expected distinct names of further columns"),
        ({"files": {"train": "a"}, "columns": ["w", "w"]}, "columns: expected distinct names"),
        ({"files": {"train": "a"}, "ignore_columns": ["w", "w"]}, "ignore_columns: expected distinct names"),
        ({"files": {"train": "a"}, "ignore_columns": ["w"], "columns": ["w"]}, "ignore_columns: .* got 'w'"),
        ({"files": {"train": "a"}, "ignore_columns": ["w"], "rename": {"prompt": "w"}}, "ignore_columns: .* got 'w'"),
        (
            {"files": {"train": "a"}, "ignore_columns": ["chosen.tool_calls"]},
            "ignore_columns: .*set on_tool_calls: drop",
        ),
        ({"files": {"train": "a"}, "ignore_columns": ["tool_calls"]}, "ignore_columns: .*set on_tool_calls: drop"),
        ({"files": {"train": "a"}, "preferred_by": "score"}, "preferred_by: expected ratings or given"),
        ({"files": {"train": "a"}, "max_contradicted": -0.1}, "max_contradicted: expected a share in"),
        ({"files": {"train": "a"}, "drop_missing": ["w"]}, "drop_missing: expected columns out of score, got 'w'"),
    ],
)
def test_options_that_contradict_each_other(options, message):
    with pytest.raises(ValueError, match=message):
        LocalFilesOptions(**options)


def test_options_bind_from_the_plain_values_of_a_recipe():
    values = {"files": {"train": ["a.jsonl"], "test": "b.jsonl"}, "limit": {"train": 5}, "columns": ["gold"]}
    options = TypeAdapter(LocalFilesOptions).validate_json(json.dumps(values), strict=True)
    assert options == LocalFilesOptions(**values)


@pytest.mark.shared_data
def test_the_real_politeness_pairs_are_carved_by_prompt(shared):
    options = LocalFilesOptions(files={"train": "pairs/instruction_politeness.jsonl.gz"}, holdout={"test": 0.2})
    loaded = local_files.load(options, shared)
    assert len(loaded["train"]) + len(loaded["test"]) == 761
    assert 110 <= len(loaded["test"]) <= 195
    assert not {e.prompt for e in loaded["train"]} & {e.prompt for e in loaded["test"]}


@pytest.mark.shared_data
def test_the_real_ultrafeedback_sample_by_its_split_column(shared):
    options = LocalFilesOptions(path="pairs/ultrafeedback_binarized.jsonl.gz", split_column="split")
    loaded = local_files.load(options, shared)
    assert {split: len(examples) for split, examples in loaded.items()} == {"train": 672, "test": 140}
    example = loaded["train"][0]
    assert example.ratings == example.columns["score"] and len(example.ratings or ()) == 2
