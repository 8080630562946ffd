"""Files of the hub's cache against the names that the hub gives them."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data import hub_cache
from benchbench.data.hub_cache import hub_hash, read_files, require_sound

CONTENT = b"some content\n"
GIT = "2ef267e25bd6c6a300bb473e604b092b6a48523b"
"""`printf 'some content\\n' | git hash-object --stdin`."""
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def cache(tmp_path):
    """A snapshot with one file of each kind, and a link into a store that repositories share."""
    snapshot, blobs, store = (tmp_path / name for name in ("snapshots/c", "blobs", "store"))
    for folder in (snapshot / "data", blobs, store):
        folder.mkdir(parents=True)
    (blobs / GIT).write_bytes(CONTENT)
    (store / ("e" * 64)).write_bytes(CONTENT)
    (blobs / SHA256).symlink_to(store / ("e" * 64))
    (blobs / "an-etag-of-a-mirror").write_bytes(CONTENT)
    for name, blob in (("a.json", GIT), ("data/b.bin", SHA256), ("c.txt", "an-etag-of-a-mirror"), ("gone", "f" * 40)):
        (snapshot / name).symlink_to(blobs / blob)
    (snapshot / "plain").write_bytes(CONTENT)
    return snapshot


def test_every_file_that_is_there_is_read_and_those_with_a_hash_for_a_name_are_compared(cache):
    files = read_files(cache)
    assert {name: (file.kind, file.expected, file.content) for name, file in files.items()} == {
        "a.json": ("git", GIT, GIT),
        "data/b.bin": ("sha256", SHA256, SHA256),
        "c.txt": (None, None, None),
        "plain": (None, None, None),
    }
    assert {(file.size, file.sha256) for file in files.values()} == {(len(CONTENT), SHA256)}
    require_sound("model a/b", cache)


def test_gits_hash_is_gits():
    told = subprocess.run(["git", "hash-object", "--stdin"], input=CONTENT, capture_output=True, check=True).stdout
    assert told.decode().strip() == GIT


def test_a_file_that_no_longer_fits_its_name_is_named_with_the_place_to_delete(cache):
    shared = (cache / "data/b.bin").resolve()
    shared.write_bytes(CONTENT[:-1])
    wrong = hashlib.sha256(CONTENT[:-1]).hexdigest()
    with pytest.raises(BenchError) as caught:
        require_sound("model a/b", cache)
    assert caught.value.exit_code == ExitCode.UNAVAILABLE
    assert str(caught.value) == (
        f"model a/b, data/b.bin: expected sha256 {SHA256}, found {wrong} (12 bytes); "
        f"delete {shared} and run `bench fetch RECIPE` again"
    )


def test_a_file_is_read_once_while_it_stays_as_it_is(cache):
    read_files(cache)
    before = hub_cache._digests.cache_info().misses
    read_files(cache)
    assert hub_cache._digests.cache_info().misses == before
    stat = (cache / "plain").stat()
    os.utime(cache / "plain", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    read_files(cache)
    assert hub_cache._digests.cache_info().misses == before + 1


def test_only_a_link_says_what_the_hub_says(cache):
    assert hub_hash(cache / "a.json") == GIT
    assert hub_hash((cache / "a.json").resolve()) is None
