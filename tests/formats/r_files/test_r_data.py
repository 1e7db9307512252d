"""What R saves: data, functions, and promises that run when they are touched."""

import bz2
import gzip
import lzma
import shutil
import subprocess

import pytest
from evals.r_objects import (
    R,
    call,
    closure,
    environment,
    numbers,
    pairlist,
    promise,
    rdata,
    rds,
    strings,
    symbol,
)

from formats.scanning import scan, scan_file
from weighbridge.facts.structure import Format
from weighbridge.findings.model import Kind, Verdict

SYSTEM = call("system", strings("echo"))
HONEST = {
    "numbers": numbers(1.0, 2.5),
    "texts": strings("system", "eval", "a"),
    "function": closure(call("+", symbol("x"), numbers(1.0))),
    "evaluates text": closure(call("eval", call("parse", symbol("x")))),
    "kept promise": environment(promise(call("+", symbol("a"), numbers(1.0)))),
}
HOSTILE = {
    "command": promise(SYSTEM),
    "evaluated text": promise(call("eval", call("parse", strings("x")))),
    "in an environment": environment(numbers(1.0), promise(SYSTEM)),
    "inside other calls": promise(call("{", call("invisible", SYSTEM))),
    "function made on the spot": promise(call(closure(SYSTEM), numbers(1.0))),
    "library": promise(call("dyn.load", strings("/tmp/x.so"))),
}


def format_of(answer):
    return next(fact.format for fact in answer.facts if isinstance(fact, Format))


@pytest.mark.parametrize("encoding", ["X", "B"])
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", HONEST)
def test_honest_objects_are_clean(name, version, encoding):
    answer = scan(rds(HONEST[name], encoding, version))
    assert (format_of(answer), answer.verdict) == ("r-data", Verdict.CLEAN)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_promise_that_has_an_effect_is_malicious(name):
    (finding,) = scan(rds(HOSTILE[name])).findings
    assert (finding.rule, finding.kind) == ("r-promise", Kind.MALICIOUS)
    assert "readRDS (R < 4.4.0)" in finding.loaders


def test_a_promise_with_its_value_runs_nothing_by_itself():
    (finding,) = scan(rds(environment(promise(SYSTEM, numbers(1.0))))).findings
    assert (finding.rule, finding.kind) == ("r-function", Kind.SUSPICIOUS)


def test_the_text_form_says_the_same():
    (finding,) = scan(rds(promise(SYSTEM), "A")).findings
    assert finding.rule == "r-promise" and "system('echo')" in finding.evidence["code"]


def test_the_form_of_save_says_the_same():
    assert [f.rule for f in scan(rdata(promise(SYSTEM))).findings] == ["r-promise"]


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_it_says_the_same(packed):
    assert [f.rule for f in scan(packed(rds(promise(SYSTEM)))).findings] == ["r-promise"]


def test_a_function_that_starts_a_command_is_suspicious():
    (finding,) = scan(rds(closure(SYSTEM))).findings
    assert (finding.rule, finding.kind) == ("r-function", Kind.SUSPICIOUS)


def test_what_stands_before_the_damage_stands():
    data = rds(pairlist(promise(SYSTEM), numbers(*range(50))))
    assert scan(data[:-60]).verdict is Verdict.MALICIOUS


def test_each_truncation_ends_in_an_answer():
    data = rds(environment(promise(SYSTEM), strings("a", "b")))
    for size in range(10, len(data)):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


@pytest.mark.parametrize("value", [R(16, 1 << 30), R(9, 1 << 30), R(99), R(255 | 7 << 8), R(6, 14)])
def test_impossible_values_are_gaps(value):
    assert scan(rds(value)).verdict is Verdict.INCONCLUSIVE


def test_nesting_costs_no_stack():
    value = numbers(1.0)
    for _ in range(300):
        value = R(19, 1, value)
    assert scan(rds(value)).verdict is Verdict.CLEAN


@pytest.mark.frameworks
def test_files_of_r_itself(tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    script = """
    m <- lm(mpg ~ wt, mtcars); saveRDS(m, "clean-lm.rds"); save(m, mtcars, file = "clean.RData")
    saveRDS(m, "clean-text.rds", ascii = TRUE); saveRDS(m, "clean-2.rds", version = 2)
    f <- compiler::cmpfun(function(x) eval(parse(text = x))); saveRDS(f, "clean-code.rds")
    saveRDS(list(1:9, c(1+2i), as.raw(1:3), Sys.time(), stats::lm), "clean-mixed.rds")
    h <- new.env()
    delayedAssign("x", system("echo weighbridge"), eval.env = h, assign.env = h)
    saveRDS(h, "malicious.rds")
    """
    subprocess.run(["Rscript", "-e", script], cwd=tmp_path, check=True, timeout=120)
    for path in tmp_path.iterdir():
        expected = Verdict.MALICIOUS if "malicious" in path.name else Verdict.CLEAN
        assert scan_file(path).verdict is expected, path.name
