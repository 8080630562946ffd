"""Which files of a folder its tokenizer is read from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.data.tokenizer import read_tokenizer
from benchbench.data.tokenizer_files import has_vocabulary, read_object, require_vocabulary, tokenizer_files

from .tokenizers import CHATML, bytes_with


def folder_with(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}", encoding="utf-8")
    return folder


ROUND_IT = ("tokenizer_config.json", "config.json", "special_tokens_map.json", "added_tokens.json")


def test_beside_a_whole_tokenizer_no_other_vocabulary_is_read(tmp_path):
    others = ("vocab.json", "merges.txt", "tokenizer.model", "tekken.json", "tokenizer.old.json", "README.md", "own.py")
    folder = folder_with(tmp_path, "tokenizer.json", "chat_template.jinja", *ROUND_IT, *others)
    assert set(tokenizer_files(folder)) == {"tokenizer.json", "chat_template.jinja", *ROUND_IT}


@pytest.mark.parametrize(
    "names", [("vocab.json", "merges.txt"), ("vocab.txt",), ("tokenizer.model",), ("spiece.model",)]
)
def test_without_one_its_parts_are(tmp_path, names):
    assert set(tokenizer_files(folder_with(tmp_path, *names, "config.json", "model.safetensors"))) == {
        *names,
        "config.json",
    }
    assert has_vocabulary(tmp_path)


def test_named_templates_and_code_of_its_own_are_among_them(tmp_path):
    folder_with(tmp_path, "tokenizer.json", "additional_chat_templates/tools.jinja", "own.py")
    assert set(tokenizer_files(tmp_path)) == {"tokenizer.json", "additional_chat_templates/tools.jinja"}
    (tmp_path / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": [null, "own.Own"]}}')
    assert "own.py" in tokenizer_files(tmp_path)


@pytest.mark.parametrize("names", [(), ("tokenizer_config.json", "chat_template.jinja"), ("merges.txt", "config.json")])
def test_a_folder_without_a_vocabulary_says_what_is_there_and_what_is_needed(tmp_path, names):
    folder_with(tmp_path, *names)
    with pytest.raises(
        BenchError, match=r"expected a tokenizer, found none .*; put tokenizer\.json there, or, for"
    ) as e:
        require_vocabulary(tmp_path)
    assert all(name in str(e.value) for name in names if name != "config.json")


def test_what_is_no_object_is_empty(tmp_path):
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "broken.json").write_text("{")
    names = ("list.json", "broken.json", "missing.json", ".")
    assert [read_object(tmp_path / name) for name in names] == [{}, {}, {}, {}]


def test_loading_opens_no_other_file_of_the_folder(tmp_path):
    """Python tells of every file that it opens; what tokenizer.json holds is read by other means."""
    bytes_with(chat_template=CHATML).save_pretrained(tmp_path)
    others = ("vocab.json", "merges.txt", "tekken.json", "tokenizer.model", "processor_config.json", "own.py")
    folder_with(tmp_path, *others, "config.json", "special_tokens_map.json")
    opened: list[Path] = []
    watching = True

    def watch(event: str, arguments: tuple) -> None:
        if watching and event == "open" and isinstance(arguments[0], str) and "tokenizer" in arguments[0]:
            opened.append(Path(arguments[0]).resolve())

    sys.addaudithook(watch)  # it cannot be taken away again
    tokenizer = read_tokenizer(str(tmp_path), revision=None, folder=Path())
    watching = False
    assert tokenizer.chat_template == CHATML
    read = {path.name for path in opened if path.parent == tmp_path.resolve()}
    assert {"tokenizer_config.json"} <= read <= set(tokenizer_files(tmp_path))


def test_a_tokenizer_is_named_by_its_folder_although_it_is_read_through_a_view(tmp_path):
    bytes_with().save_pretrained(tmp_path / "one")
    tokenizer = read_tokenizer("one", revision=None, folder=tmp_path)
    assert tokenizer.name_or_path == str(tmp_path / "one")
    tokenizer.save_pretrained(tmp_path / "two")
    assert "benchbench-tokenizer" not in json.dumps(read_object(tmp_path / "two" / "tokenizer_config.json"))
