"""Shards of torch.distributed.checkpoint: archives of torch.save, one behind the other."""

import pickle

import pytest

from builders.archives import ZipEntry, build_zip
from builders.pickles import call
from formats.scanning import scan, scan_file
from weighbridge.facts.structure import Format
from weighbridge.findings.model import Verdict

HARM = call("posix", "system", "echo") + b"."


def part(value=b"", name=b"archive/data.pkl", **options):
    content = value or pickle.dumps({"w": [1.0, 2.0]})
    return build_zip(ZipEntry(name, content), ZipEntry(b"archive/version", b"3\n"), **options)


def test_a_row_of_archives_is_clean():
    answer = scan(part() + part(pickle.dumps("b" * 40)) + part())
    assert (answer.format, answer.verdict) == ("pytorch-distributed", Verdict.CLEAN)
    assert {f.format for f in answer.facts if isinstance(f, Format) and f.member} >= {"pytorch-zip"}


@pytest.mark.parametrize("at", range(3))
def test_every_archive_is_examined(at):
    parts = [part(), part(), part()]
    parts[at] = part(HARM)
    answer = scan(b"".join(parts))
    assert answer.verdict is Verdict.MALICIOUS
    assert all(f"archive-{at}" in (finding.member or "") for finding in answer.findings)


@pytest.mark.parametrize(
    "data",
    [
        b"x" + part() + part(),
        part() + b"x" + part(),
        part() + part() + b"x",
        part() + part(comment=b"x"),
        part() + part(name=b"archive/other.pkl"),
        part() + part(prefix=b"padding", shift=0),
    ],
)
def test_anything_more_is_no_such_row(data):
    answer = scan(data)
    assert answer.format != "pytorch-distributed" and answer.verdict is not Verdict.CLEAN


def test_a_second_directory_where_miniz_would_look_is_no_such_row():
    last = part()
    declared = int.from_bytes(last[-6:-2], "little")
    directory = last[declared:-22].replace(b"archive/data.pkl", b"archive/evil.pkl")
    first = build_zip(
        ZipEntry(b"archive/data.pkl", b"N." + bytes(declared - 48) + directory),
        ZipEntry(b"archive/version", b"3\n"),
    )
    assert first[declared : declared + 4] == b"PK\x01\x02"
    assert scan(first + last).format != "pytorch-distributed"


def test_no_truncation_is_clean():
    data = part() + part()
    for size in range(4, len(data), 5):
        if size != len(part()):
            assert scan(data[:size]).verdict is not Verdict.CLEAN, size


@pytest.mark.frameworks
def test_files_of_torch_itself(tmp_path):
    torch = pytest.importorskip("torch")
    checkpoint = pytest.importorskip("torch.distributed.checkpoint")
    with pytest.warns(UserWarning):
        # Archives of one size, so that offsets of one fit into another.
        state = {f"w{n}": torch.rand(9) for n in range(5)} | {"b": torch.rand(3, 3), "step": 3}
        checkpoint.save(state, checkpoint_id=tmp_path)
    for path in tmp_path.iterdir():
        assert scan_file(path).verdict is Verdict.CLEAN, path.name
