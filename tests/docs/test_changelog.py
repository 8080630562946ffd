"""CHANGELOG.md: by version, newest first, a sentence each under Added, Changed, Fixed or Removed."""

from __future__ import annotations

import re

from harness import ROOT

import benchbench

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def test_versions_come_newest_first_and_this_one_is_there():
    versions = re.findall(r"^## \[([^\]]+)\](?: - \d{4}-\d\d-\d\d)?$", TEXT, flags=re.MULTILINE)
    assert len(versions) == len(re.findall(r"^## ", TEXT, flags=re.MULTILINE))
    assert versions[0] == "Unreleased" and benchbench.__version__ in versions
    numbers = [tuple(map(int, version.split("."))) for version in versions[1:]]
    assert numbers == sorted(numbers, reverse=True)


def test_every_change_is_a_sentence_under_its_kind():
    for part in TEXT.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.+)$", part, flags=re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]
        entries = re.split(r"\n- ", part.replace("\n\n", "\n"))[1:]
        assert entries and all(re.split(r"\n#", entry)[0].strip().endswith(".") for entry in entries)
