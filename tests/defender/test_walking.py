"""Walking targets on a hostile file system."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from weighbridge.defender.files import Entry, Found, Passed, Refused, open_regular, walk
from weighbridge.errors import TargetError


def entries(target: Path) -> dict[str, Entry]:
    return {entry.path: entry for entry in walk(str(target))}


def code_of(entry: Entry) -> str:
    assert isinstance(entry, Refused | Passed)
    return entry.code


def test_a_file_is_named_by_its_base_name(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"")
    assert list(walk(str(tmp_path / "a.pkl"))) == [Found("a.pkl", str(tmp_path / "a.pkl"))]


def test_the_order_is_by_name_and_depth_first(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a/x/deep", "c", "B"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert [entry.path for entry in walk(str(tmp_path))] == ["B", "c", "a/x/deep", "b/1", "b/2"]


def test_nothing_is_hidden_by_its_name(tmp_path: Path) -> None:
    for name in (".hidden", "__pycache__/a.pyc", ".cache/b", "node_modules/c", ".gitignore"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert all(isinstance(entry, Found) for entry in walk(str(tmp_path)))
    assert len(entries(tmp_path)) == 5


def test_git_internals_are_passed_with_a_note(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"")
    assert code_of(entries(tmp_path)[".git"]) == "git-internals"
    assert len(entries(tmp_path)) == 1


def test_names_that_are_no_unicode_can_be_opened(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path) + b"/\xff\xfe\x1b[31m\n.pkl"
    Path(os.fsdecode(place)).write_bytes(b"x")
    (entry,) = walk(str(tmp_path))
    assert isinstance(entry, Found)
    assert os.fsencode(entry.path) == b"\xff\xfe\x1b[31m\n.pkl"
    descriptor = open_regular(entry)
    assert isinstance(descriptor, int)
    os.close(descriptor)


def test_special_files_are_passed_with_a_note(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = entries(tmp_path)
    assert {code_of(entry) for entry in found.values()} == {"special-file"}
    assert "named pipe" in found["pipe"].text  # type: ignore[union-attr]


def test_a_pipe_that_took_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused = open_regular(Found("pipe", str(tmp_path / "pipe")))
    assert isinstance(refused, Refused)
    assert refused.code == "changed"


def test_a_link_that_took_a_files_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    refused = open_regular(Found("link", str(tmp_path / "link")))
    assert isinstance(refused, Refused)
    assert refused.code == "unreadable"


def test_a_file_that_vanished_is_refused(tmp_path: Path) -> None:
    refused = open_regular(Found("gone", str(tmp_path / "gone")))
    assert isinstance(refused, Refused)
    assert refused.code == "vanished"


def test_links_inside_are_listed_once(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "directory").symlink_to(".")
    found = entries(tmp_path)
    assert isinstance(found["real"], Found)
    assert code_of(found["link"]) == code_of(found["directory"]) == "link-inside"


def test_links_out_of_the_target_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "target-twin").write_bytes(b"")
    (target / "file").symlink_to("../target-twin")
    (target / "directory").symlink_to("/etc")
    (target / "device").symlink_to("/dev/zero")
    assert {code_of(entry) for entry in walk(str(target))} == {"link-outside"}


def test_broken_and_looping_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken").symlink_to("nothing")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert {code_of(entry) for entry in walk(str(tmp_path))} == {"link-broken"}


def test_a_link_into_git_internals_is_followed(tmp_path: Path) -> None:
    """git-annex keeps the contents of files there."""
    (tmp_path / ".git" / "annex").mkdir(parents=True)
    (tmp_path / ".git" / "annex" / "object").write_bytes(b"")
    (tmp_path / "model.bin").symlink_to(".git/annex/object")
    found = entries(tmp_path)
    assert found["model.bin"] == Found("model.bin", str(tmp_path / ".git" / "annex" / "object"))


def test_a_snapshot_of_the_hub_cache_is_followed_into_its_blobs(tmp_path: Path) -> None:
    repository = tmp_path / "models--org--name"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "blobs" / "123").write_bytes(b"")
    (snapshot / "model.bin").symlink_to("../../blobs/123")
    (snapshot / "other").symlink_to("../../../elsewhere")
    (tmp_path / "elsewhere").write_bytes(b"")
    found = entries(snapshot)
    assert found["model.bin"] == Found("model.bin", str(repository / "blobs" / "123"))
    assert code_of(found["other"]) == "link-outside"


def test_a_target_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("directory")
    assert [entry.path for entry in walk(str(tmp_path / "link"))] == ["file"]


def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "file").chmod(0)
    if os.access(tmp_path / "file", os.R_OK):
        pytest.skip("this user may read everything")
    (tmp_path / "directory").mkdir(mode=0)
    found = entries(tmp_path)
    assert code_of(found["directory"]) == "unreadable-directory"
    assert isinstance(found["file"], Found)
    assert isinstance(open_regular(found["file"]), Refused)


def test_a_directory_that_cannot_be_listed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "z").write_bytes(b"")
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = entries(tmp_path)
    refused = found["sub"]
    assert isinstance(refused, Refused)
    assert refused.code == "unreadable-directory"
    assert "Permission denied" in refused.text
    assert isinstance(found["z"], Found)


@pytest.mark.parametrize("name", ["missing", "", "nul\0byte", "x" * 5000, "file/below"])
def test_no_such_target(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TargetError):
        list(walk(str(tmp_path / name) if name else ""))


def test_a_special_target_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TargetError, match="named pipe"):
        list(walk(str(tmp_path / "pipe")))
