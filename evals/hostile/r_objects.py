"""Objects of R that run something when they are touched, or hold functions that do."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from evals.r_objects import call, closure, environment, numbers, promise, rdata, rds, strings
from evals.samples import COMMAND, URL, Sample

READ = ("readRDS", "load")


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    command = call("system", strings(COMMAND))
    promised = {
        "system": (promise(command), "process_exec"),
        "environment": (environment(numbers(1.0), promise(command)), "process_exec"),
        "eval-parse": (promise(call("eval", call("parse", strings(COMMAND)))), "code_exec"),
        "download": (promise(call("download.file", strings(URL))), "network"),
        "function": (promise(call(closure(command), numbers(1.0))), "process_exec"),
        "library": (promise(call("dyn.load", strings("x.so"))), "native_code"),
        "unlink": (promise(call("unlink", strings("x"))), "file_delete"),
    }
    for name, (value, effect) in promised.items():
        for form, content in {"rds": gzip.compress(rds(value)), "rdata": rdata(value)}.items():
            yield Sample(f"r-{name}-{form}", "R promises", (effect,), READ, content)
    yield Sample("r-closure", "R functions", ("process_exec",), (), rds(closure(command)))
