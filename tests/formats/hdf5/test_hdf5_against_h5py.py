"""The walker sees in files of the real library what the real library sees."""

from __future__ import annotations

import io

import pytest

h5py = pytest.importorskip("h5py", reason="h5py writes the files")
import numpy as np  # noqa: E402
from hdf5_samples import Seen, expected, written  # noqa: E402

LIBVER = ("earliest", "latest", "v108", "v110", "v112")


def _plain(file):
    file.attrs["keras_version"] = "3.15.1"
    file.attrs["bytes"] = np.bytes_(b"fixed text")
    file.attrs["many"] = np.array([b"one", b"two", b"three"])
    file.attrs["variable"] = np.array(["a", "bc", ""], dtype=h5py.string_dtype())
    file.attrs["number"] = 5
    group = file.create_group("layers/dense/vars")
    group.create_dataset("0", data=np.zeros((3, 4), "float32"))
    group.create_dataset("scalar", data=1.5)
    group["again"] = group["0"]
    file.create_group("empty")


def _many_groups(file):
    for number in range(3000):
        file.create_group(f"group-{number:05}")


def _many_attributes(file):
    group = file.create_group("layers")
    for number in range(700):
        group.attrs[f"attribute-{number}"] = f"value {number}"


def _long_attributes(file):
    file.attrs["model_config"] = "x" * 3_000_000
    group = file.create_group("g")
    for number in range(20):
        group.attrs[f"text-{number}"] = np.bytes_(b"y" * 3000)


def _chunks(file):
    data = np.arange(40_000, dtype="float64").reshape(200, 200)
    for name, options in {
        "gzip": {"compression": "gzip"},
        "shuffle": {"compression": "gzip", "shuffle": True, "fletcher32": True},
        "lzf": {"compression": "lzf"},
        "plain": {"chunks": (7, 9)},
        "one": {"chunks": (200, 200)},
        "growing": {"chunks": (10, 10), "maxshape": (None, 200)},
        "growing-both": {"chunks": (10, 10), "maxshape": (None, None)},
    }.items():
        file.create_dataset(name, data=data, **options)
    file.create_dataset("compact-ish", data=[1, 2, 3])


def _types(file):
    pair = np.dtype([("a", "i4"), ("b", "S5"), ("c", "f8", (2, 3))])
    file.create_dataset("compound", data=np.zeros(3, pair))
    file.create_dataset("strings", data=np.array(["x", "yy"], dtype=h5py.string_dtype()))
    file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))
    file.create_dataset("enum", data=[0, 1], dtype=h5py.enum_dtype({"A": 0, "B": 1}))
    file["named"] = np.dtype("f4")
    data = file.create_dataset("of-named", (2,), dtype=file["named"])
    data.attrs.create("typed", np.float32(1), dtype=file["named"])
    data.attrs["after"] = "text"
    file.create_dataset("null", data=h5py.Empty("f4"))
    file.attrs["reference"] = file["enum"].ref


def _long_names(file):
    group = file
    for depth in range(40):
        group = group.create_group(f"level-{depth}")
    group.create_group("n" * 70_000 if file.libver[0] != "earliest" else "n" * 3_000)
    group.attrs["deepest"] = "yes"


def _ordered(file):
    group = file.create_group("ordered", track_order=True)
    for number in range(50):
        group.create_group(f"g{number}")
        group.attrs[f"a{number}"] = str(number)


FILLS = (
    _plain, _many_groups, _many_attributes, _long_attributes, _chunks, _types, _long_names,
    _ordered,
)  # fmt: skip


@pytest.mark.parametrize("libver", LIBVER)
@pytest.mark.parametrize("fill", FILLS)
def test_objects_and_attributes_are_those_of_h5py(fill, libver):
    if fill is _many_attributes and libver == "earliest":
        pytest.skip("an old object header has no room for that many attributes")
    data = written(fill, libver=libver)
    objects, datasets, attributes = expected(data)
    seen = Seen(data)
    assert seen.whole, seen.outline.errors or seen.failure
    assert seen.outline.objects == objects
    assert seen.outline.datasets == datasets
    assert {name: seen.attributes.get(name) for name in attributes} == attributes


@pytest.mark.parametrize("libver", ("earliest", "latest"))
@pytest.mark.parametrize("size", (512, 4096, 1 << 20))
def test_a_user_block_may_come_first(libver, size):
    data = written(_plain, libver=libver, userblock_size=size)
    seen = Seen(data)
    assert seen.whole
    assert seen.attributes["@keras_version"] == (b"3.15.1",)


@pytest.mark.parametrize("strategy", ("fsm", "page", "aggregate", "none"))
def test_file_space_strategies(strategy):
    data = written(_plain, fs_strategy=strategy, fs_persist=strategy in ("fsm", "page"))
    assert Seen(data).whole


@pytest.mark.parametrize("libver", LIBVER)
def test_what_leads_to_other_files(libver, tmp_path):
    def fill(file):
        file["outside"] = h5py.ExternalLink("other.h5", "/data")
        file["within"] = h5py.SoftLink("/layers")
        file.create_group("layers")
        file.create_dataset("stored", (10,), "f4", external=[("/etc/passwd", 0, 40)])
        layout = h5py.VirtualLayout((2, 10), "f4")
        layout[0] = h5py.VirtualSource("first.h5", "a", (10,))
        layout[1, :5] = h5py.VirtualSource("second.h5", "b", (20,))[:10:2]
        file.create_virtual_dataset("virtual", layout)

    path = tmp_path / "made.h5"
    with h5py.File(path, "w", libver=libver) as file:
        fill(file)
    seen = Seen(path.read_bytes())
    assert seen.whole, seen.outline.errors
    assert seen.references == {
        ("/outside", "external-link", "other.h5", "/data"),
        ("/stored", "external-storage", "/etc/passwd", ""),
        ("/virtual", "virtual-dataset", "first.h5", "a"),
        ("/virtual", "virtual-dataset", "second.h5", "b"),
    }
    assert seen.outline.soft_links == 1


@pytest.mark.parametrize("libver", ("earliest", "latest"))
def test_links_in_a_large_group(libver):
    def fill(file):
        for number in range(500):
            file[f"soft-{number}"] = h5py.SoftLink("/nowhere")
        file["last"] = h5py.ExternalLink("x" * 3000 + ".h5", "/")

    seen = Seen(written(fill, libver=libver))
    assert seen.whole
    assert seen.outline.soft_links == 500
    assert [target for _p, _h, target, _i in seen.references] == ["x" * 3000 + ".h5"]


@pytest.mark.parametrize("libver", ("earliest", "latest"))
@pytest.mark.parametrize(
    "options", ({"chunks": (1 << 20,)}, {"chunks": (1 << 20,), "compression": "gzip"}, {})
)
def test_a_dataset_that_declares_more_than_it_stores(libver, options):
    def fill(file):
        file.create_dataset("bomb", (1 << 40,), "f8", **options)

    seen = Seen(written(fill, libver=libver))
    assert [bomb.path for bomb in seen.outline.bombs] == ["/bomb"]


@pytest.mark.parametrize(("value", "bomb"), ((1, True), ("random", False)))
def test_what_counts_is_what_a_packed_dataset_stores(value, bomb):
    def fill(file):
        made = file.create_dataset("d", (20_000, 60_000), "f4", chunks=(100, 60_000), compression=1)
        made[:100] = np.random.default_rng(1).random((100, 60_000)) if value == "random" else 1

    data = written(fill)
    with h5py.File(io.BytesIO(data)) as file:
        assert (file["d"].id.get_storage_size() * 1000 < 20_000 * 60_000 * 4) == bomb
    assert bool(Seen(data).outline.bombs) == bomb


def test_filters_are_named():
    def fill(file):
        file.create_dataset("packed", data=np.zeros((10, 10)), compression="lzf", shuffle=True)

    assert {target for _p, _h, target, _i in Seen(written(fill)).references} == {
        "2 shuffle", "32000 lzf",
    }  # fmt: skip


def test_pyfive_sees_the_same():
    pyfive = pytest.importorskip("pyfive", reason="a second opinion")
    data = written(_plain)
    seen = Seen(data)
    with pyfive.File(io.BytesIO(data)) as file:
        assert bytes(file.attrs["keras_version"]) == seen.attributes["@keras_version"][0]
        assert set(file) == set(seen.outline.root_names)
