"""Measures speed and size against their targets: ``make bench``, or ``run.py NAME...`` for some.

What is compared is measured in one run on one machine, so the ratios mean something on any.
Exits with status 1 when a target is missed.
"""

from __future__ import annotations

import gc
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import big_models as big_models_inputs
import hubs
import inputs
from measure import run_watched, seconds

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no target or nothing to compare with."""

    what: str
    target: str
    measured: str
    met: bool | None = None


def opcodes(folder: Path) -> Iterator[Row]:
    """An opcode-heavy pickle, against the real unpickler and against picklescan."""
    import weighbridge
    from weighbridge.formats.pickle.machine import COMPILED

    path = folder / "opcodes.pkl"
    data = inputs.opcode_heavy(path)
    yield Row("pickle machine", "", "compiled" if COMPILED else "not compiled")
    report = weighbridge.scan(path)
    yield Row("  verdict of the 15 MB pickle", "clean", report.verdict, report.verdict == "clean")
    ours = seconds(lambda: weighbridge.scan(path), 9)
    yield Row(f"  weighbridge.scan, {len(data) / MB:.1f} MB", "", f"{ours * 1000:.0f} ms")
    real = seconds(lambda: pickle.loads(data), 5)
    yield Row("  pickle.loads", "", f"{real * 1000:.0f} ms")
    bare = _without_collector(lambda: seconds(lambda: pickle.loads(data), 3))
    yield Row("  pickle.loads, garbage collector off", "", f"{bare * 1000:.0f} ms")
    yield Row("  times faster than pickle.loads", ">= 20", f"{real / ours:.1f}", real / ours >= 20)
    try:
        from picklescan.scanner import scan_pickle_bytes
    except ImportError:
        yield Row("  times faster than picklescan", ">= 100", "skipped: not installed")
        return
    theirs = seconds(lambda: scan_pickle_bytes(io.BytesIO(data), "opcodes.pkl"), 3)
    yield Row("  picklescan", "", f"{theirs:.2f} s")
    ratio = theirs / ours
    yield Row("  times faster than picklescan", ">= 100", f"{ratio:.0f}", ratio >= 100)


def _without_collector(action: Callable[[], float]) -> float:
    gc.disable()
    try:
        return action()
    finally:
        gc.enable()


def checkpoint(folder: Path) -> Iterator[Row]:
    """A PyTorch checkpoint of 4 GiB."""
    path = folder / "model.pt"
    inputs.checkpoint(path)
    start = seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True), 5)
    runs = [run_watched(["scan", path.name, "--format", "json"], folder) for _ in range(5)]
    taken, _, output = sorted(runs, key=lambda run: run[0])[2]
    report = json.loads(output)
    verdict, size = report["verdict"], path.stat().st_size
    yield Row(f"checkpoint of {size / (1 << 30):.1f} GiB", "clean", verdict, verdict == "clean")
    beyond = taken - start
    yield Row("  seconds beyond process start", "< 1", f"{beyond:.2f}", beyond < 1)
    for who in ("parent", "workers"):
        peak = max(getattr(run[1], who) for run in runs)
        yield Row(f"  peak memory, {who}", "< 200 MB", f"{peak / MB:.0f} MB", peak < 200 * MB)
    share = report["summary"]["bytes_read"] / size
    yield Row("  bytes read", "< 1 %", f"{share:.5%}", share < 0.01)


def big_models(folder: Path) -> Iterator[Row]:
    """Models of 50 GB, and an HDF5 file of 2 GB, of which only the structure is read."""
    start = seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True), 5)
    makers = {
        "model.safetensors": (big_models_inputs.safetensors, 0.5),
        "model.gguf": (big_models_inputs.gguf, 0.5),
        "onnx": (big_models_inputs.onnx, 0.5),
        "model.h5": (big_models_inputs.hdf5, 1.0),
    }
    for name, (make, most) in makers.items():
        try:
            make(folder / name)
        except ImportError as error:
            yield Row(name, "", f"skipped: {error.name} is not installed")
            continue
        runs = [run_watched(["scan", name, "--format", "json"], folder) for _ in range(5)]
        taken, _, output = sorted(runs, key=lambda run: run[0])[2]
        report = json.loads(output)
        size = report["summary"]["bytes_total"] / 1000 / MB
        verdict = report["verdict"]
        yield Row(f"{name}, {size:.0f} GB", "clean", verdict, verdict == "clean")
        beyond = taken - start
        yield Row("  seconds beyond process start", f"< {most}", f"{beyond:.2f}", beyond < most)
        read = report["summary"]["bytes_read"] / MB
        yield Row("  bytes read", "< 20 MB", f"{read:.1f} MB", read < 20)


def directory(folder: Path) -> Iterator[Row]:
    """Two thousand small files."""
    import weighbridge

    place = folder / "small"
    inputs.small_files(place, 2000)
    first = weighbridge.scan(place, jobs=1)
    wrong = [file.path for file in first.files if file.verdict != "clean"]
    clean = f"{len(first.files) - len(wrong)} of {len(first.files)}"
    yield Row("2,000 small files, clean", "all", clean, not wrong)
    one = len(first.files) / seconds(lambda: weighbridge.scan(place, jobs=1), 3)
    yield Row("  files per second, one job", ">= 200", f"{one:.0f}", one >= 200)
    cores = len(os.sched_getaffinity(0))
    many = len(first.files) / seconds(lambda: weighbridge.scan(place, jobs=cores), 3)
    yield Row(f"  files per second, {cores} jobs", "", f"{many:.0f}")


def version(folder: Path) -> Iterator[Row]:
    """The start of the program."""
    taken = seconds(lambda: run_watched(["--version"], folder), 9)
    yield Row("weighbridge --version", "< 0.3 s", f"{taken:.2f} s", taken < 0.3)


def bombs(folder: Path) -> Iterator[Row]:
    """Files that are built to use up memory."""
    for name, make in inputs.BOMBS.items():
        path = folder / f"{name}.bin"
        make(path)
        taken, peak, output = run_watched(["scan", path.name, "--format", "json"], folder)
        path.unlink()
        report = json.loads(output)
        notes = [note["code"] for note in report["files"][0]["coverage"]["notes"]]
        most = max(peak.parent, peak.workers)
        told = f"{peak.parent / MB:.0f} and {peak.workers / MB:.0f} MB, {taken:.1f} s, "
        told += " ".join([report["verdict"], *notes[:2]])
        yield Row(f"bomb {name}", "< 300 MB", told, most < 300 * MB)


def remote(folder: Path) -> Iterator[Row]:
    """Models on a loopback hub that answers after 30 ms."""
    place = folder / "models" / "huggingface" / "org"
    hubs.safetensors_model(place / "safetensors")
    hubs.pytorch_model(place / "pytorch")
    hubs.poisoned_model(place / "poisoned")
    hubs.small_model(place / "small")
    start = hubs.process_start()
    with hubs.running(folder) as hub:
        for name, most_seconds, most_bytes in (("safetensors", 3, 5), ("pytorch", 6, 20)):
            run = hub.scan(f"hf://org/{name}")
            total = run.report["summary"]["bytes_total"]
            verdict = run.report["verdict"]
            yield Row(
                f"{total / 1e9:.0f} GB of {name} shards", "clean", verdict, verdict == "clean"
            )
            yield from _costs(run, run.seconds - start, most_seconds, most_bytes)
        run = hub.scan("hf://org/safetensors")
        told = f"{run.file_bytes} in {run.requests} requests, {run.seconds - start:.2f} s"
        yield Row("  bytes of files for a second scan", "0", told, run.file_bytes == 0)
        run = hub.scan("hf://org/poisoned")
        verdict = run.report["verdict"]
        yield Row("10 GB with a payload", "malicious", verdict, verdict == "malicious")
        yield from _costs(run, run.seconds - start, None, 2)
        yield from _against_download(hub)


def _costs(
    run: hubs.Run, taken: float, most_seconds: float | None, most_bytes: float
) -> Iterator[Row]:
    bound = None if most_seconds is None else taken < most_seconds
    target = "" if most_seconds is None else f"< {most_seconds}"
    yield Row("  seconds beyond process start", target, f"{taken:.2f}", bound)
    fetched = run.file_bytes / MB
    yield Row("  bytes fetched", f"< {most_bytes} MB", f"{fetched:.2f} MB", fetched < most_bytes)
    yield Row("  requests", "", f"{run.requests}")


def _against_download(hub: hubs.Hub) -> Iterator[Row]:
    run = hub.scan("hf://org/small")
    taken, size = hub.download("org/small")
    yield Row(f"{size / MB:.0f} MB, snapshot_download", "", f"{taken:.2f} s")
    yield Row("  weighbridge scan", "", f"{run.seconds:.2f} s")
    yield Row("  share of the bytes", "", f"{run.file_bytes / size:.3%}")
    yield Row("  share of the seconds", "", f"{run.seconds / taken:.2f}")


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "opcodes": opcodes,
    "checkpoint": checkpoint,
    "big-models": big_models,
    "directory": directory,
    "version": version,
    "bombs": bombs,
    "hubs": remote,
}


def main(arguments: list[str]) -> int:
    """Measure what is asked for, print the table, and return the exit status."""
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}. There are {', '.join(PARTS)}.")
        return 2
    missed = 0
    print(f"{'what':<40} {'target':<10} measured")
    for name in arguments or PARTS:
        with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder:
            for row in PARTS[name](Path(folder)):
                mark = {None: "", True: "", False: "   MISSED"}[row.met]
                print(f"{row.what:<40} {row.target:<10} {row.measured}{mark}", flush=True)
                missed += row.met is False
    print(f"{missed} targets missed" if missed else "all targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
