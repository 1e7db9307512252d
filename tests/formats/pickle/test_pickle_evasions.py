"""One test for each trick that worked on a real scanner, named by its reference."""

from __future__ import annotations

import io
import pickle
import zlib

import pytest
from formats_judging import called, calls, facts_of, gaps, imports, verdict

from builders.pickles import (
    APPEND,
    BINPUT,
    BUILD,
    DUP,
    EMPTY_LIST,
    EMPTY_TUPLE,
    MARK,
    MEMOIZE,
    NEWOBJ,
    OBJ,
    POP,
    REDUCE,
    SHELL,
    STACK_GLOBAL,
    STOP,
    TUPLE,
    TUPLE1,
    Raw,
    call,
    data,
    frame,
    get,
    global_,
    inst,
    line_text,
    nested,
    old_text,
    proto,
    put,
    short_text,
    stack_global,
    text,
)  # fmt: skip
from weighbridge.facts.expressions import Text
from weighbridge.facts.pickles import AttributeWrite, Import, Stream

RUN_ID = short_text("id") + TUPLE1 + REDUCE


def _shell_is_seen(opcodes: bytes) -> None:
    facts = facts_of(opcodes)
    assert "os.system" in called(facts)
    assert any(Text("id", 2) in one.arguments for one in calls(facts))
    assert verdict(opcodes) == "malicious"


def test_picklescan_issue_14_memoize_mixed_with_put():
    """MEMOIZE counts the entries of the memo, not the MEMOIZE before it."""
    setup = short_text("sys") + put(5) + short_text("os") + MEMOIZE + put(2) + short_text("system")
    twisted = setup + MEMOIZE + get(1) + get(3) + STACK_GLOBAL
    _shell_is_seen(proto(4) + twisted + RUN_ID + STOP)


def test_picklescan_fix_2025_11_get_of_an_unset_index_after_the_payload():
    facts = facts_of(proto(4) + SHELL + get(99) + STACK_GLOBAL + STOP)
    assert "os.system" in called(facts)
    assert "malformed-memo-unset" in gaps(facts)


@pytest.mark.parametrize(
    "operand",
    [b"K\1", data(b"system"), b"\x96\6\0\0\0\0\0\0\0system", EMPTY_LIST, EMPTY_TUPLE, b"N"],
    ids=["int", "bytes", "bytearray", "list", "tuple", "None"],
)
def test_modelscan_issue_338_operand_that_is_no_text(operand):
    stream = proto(4) + SHELL + short_text("os") + operand + STACK_GLOBAL + STOP
    assert "malformed-name-not-text" in gaps(facts_of(stream))
    assert verdict(stream) == "malicious"


@pytest.mark.parametrize(
    "push",
    [line_text, old_text, lambda word: b"T" + len(word).to_bytes(4, "little") + word.encode()],
)
def test_ghsa_9gvj_pp9x_gcfr_stack_global_operands_from_string_opcodes(push):
    _shell_is_seen(proto(4) + push("os") + push("system") + STACK_GLOBAL + RUN_ID + STOP)


def test_ghsa_9gvj_pp9x_gcfr_stack_global_operands_from_short_binstring():
    _shell_is_seen(
        old_text("os") + old_text("system") + STACK_GLOBAL + old_text("id") + TUPLE1 + REDUCE + STOP
    )


def test_ghsa_9gvj_pp9x_gcfr_operands_at_the_very_start():
    _shell_is_seen(short_text("os") + short_text("system") + STACK_GLOBAL + RUN_ID + STOP)


def test_stack_global_operand_that_is_the_result_of_a_call():
    name = call("builtins", "str.lower", "SYSTEM")
    stream = proto(4) + short_text("os") + name + STACK_GLOBAL + RUN_ID + STOP
    found = [f for f in facts_of(stream) if isinstance(f, Import) and f.computed]
    assert [f.module for f in found] == ["os"]
    assert verdict(stream) in ("malicious", "suspicious")


def test_stack_global_operands_after_dup_and_pop():
    juggled = short_text("os") + DUP + POP + short_text("system") + DUP + POP + STACK_GLOBAL
    _shell_is_seen(proto(4) + juggled + RUN_ID + STOP)


def test_picklescan_issue_13_modelscan_issue_51_inst_instead_of_global():
    _shell_is_seen(MARK + line_text("id") + inst("os", "system") + STOP)


def test_ghsa_mxhj_88fx_4pcv_obj_whose_result_is_popped():
    _shell_is_seen(EMPTY_LIST + MARK + global_("os", "system") + text("id") + OBJ + POP + STOP)


def test_ghsa_mhc9_48gj_9gp3_reduce_then_build():
    _shell_is_seen(call("os", "system", "id") + b"}" + BUILD + STOP)


def test_cve_2026_22612_builtins_are_not_left_out():
    stream = call("builtins", "eval", "__import__('os').system('id')") + STOP
    assert "builtins.eval" in called(facts_of(stream))
    assert verdict(stream) == "malicious"


@pytest.mark.parametrize("opcode", [b"\x82\x07", b"\x83\x07\x00", b"\x84\x07\0\0\0"])
def test_extension_registry_is_an_import_that_is_computed(opcode):
    stream = proto(2) + opcode + text("id") + TUPLE1 + REDUCE + STOP
    found = [f for f in facts_of(stream) if isinstance(f, Import)]
    assert [(f.how, f.computed, f.name) for f in found] == [("EXT", True, "extension 7")]
    assert verdict(stream) in ("malicious", "suspicious")


@pytest.mark.parametrize("ending", [b"\r\n", b"\x0c\n", b" \n"])
def test_picklescan_0_0_15_newline_variants_keep_the_raw_name(ending):
    """The unpickler imports the name with whatever stands before the newline."""
    stream = b"cos" + ending + b"system" + ending + MARK + line_text("id") + TUPLE + REDUCE + STOP
    tail = ending[:-1].decode()
    assert f"os{tail}.system{tail}" in imports(facts_of(stream))
    assert verdict(stream) in ("malicious", "suspicious")


def test_newline_variants_of_text_numbers():
    _shell_is_seen(b"I1\r\n0I 1 \n0F1.0\r\n0L0x1L\n0" + SHELL + b"N.")


def test_payload_after_the_first_stop():
    stream = pickle.dumps({"weights": [1, 2]}) + SHELL + b"N" + STOP
    assert verdict(stream) == "malicious"


@pytest.mark.parametrize("junk", [b"\xff\xfe\xfd", b"junk" * 50, b"\0" * 64 + b"\xaa"])
def test_payload_behind_junk_between_streams(junk):
    stream = pickle.dumps([1]) + junk + proto(4) + stack_global("os", "system") + RUN_ID + STOP
    assert "os.system" in called(facts_of(stream))


def test_ghsa_97f8_7cmv_76j2_legacy_magic_number_from_a_call():
    number = call("builtins", "int", "119547037146038801333356") + STOP
    rest = pickle.dumps(1001, 2) + pickle.dumps({}, 2) + proto(2) + SHELL + b"N" + STOP
    assert verdict(proto(2) + number + rest) == "malicious"


@pytest.mark.parametrize(
    "broken", [b"\xff", b"", b"\x95\x05", b"\x80\x2a", b"h\x63", b"R", b"c\xff\n"]
)
def test_nullifai_stream_that_breaks_after_the_payload(broken):
    stream = proto(4) + SHELL + broken
    assert verdict(stream) == "malicious"
    assert gaps(facts_of(stream))


@pytest.mark.parametrize("size", [0, 1, 3, 1 << 20, 1 << 62])
def test_fickling_frame_alignment_a_frame_of_the_wrong_length(size):
    assert verdict(proto(4) + frame(SHELL + b"N.", size)) == "malicious"


def test_an_opcode_that_reaches_out_of_its_frame_is_never_clean():
    """C reads on behind the frame when it reads from a file, and in it when from memory."""
    hidden = b"X\x40\0" + b"\x00\x00" + (SHELL + b"N.").ljust(64, b" ")
    stream = proto(4) + b"N0" + frame(b"N0X\x40\0", 5) + hidden[3:] + b"."
    facts = facts_of(stream)
    assert any("frame-crossed" in f.oddities for f in facts if isinstance(f, Stream))
    assert "malformed-frame-crossed" in gaps(facts)


@pytest.mark.parametrize(
    "module", ["_osx_support", "_aix_support", "_pyrepl.pager", "_frozen_importlib"]
)
def test_ghsa_g38g_8gr9_h9xp_private_modules_are_not_vouched_for(module):
    assert verdict(call(module, "anything", "id") + STOP) in ("malicious", "suspicious")


@pytest.mark.parametrize("module", ["pickle", "_pickle"])
@pytest.mark.parametrize("name", ["loads", "_loads", "load"])
def test_ghsa_wccx_j62j_r448_inner_entry_points_of_pickle(module, name):
    inner = SHELL + b"N."
    stream = call(module, name, inner) + STOP
    assert "os.system" in called(facts_of(stream))
    assert verdict(stream) == "malicious"


@pytest.mark.parametrize("module", ["оs", "os ", " os", ".os", "..os", "ｏs"])
def test_homoglyphs_spaces_and_dots_keep_the_raw_module_name(module):
    stream = proto(4) + stack_global(module, "system") + RUN_ID + STOP
    assert f"{module}.system" in imports(facts_of(stream))
    assert verdict(stream) in ("malicious", "suspicious")


def test_modelscan_issue_338_compressed_source_for_an_evaluator():
    source = b"__import__('os').system('id')"
    packed = nested("zlib", "decompress", zlib.compress(source))
    stream = call("builtins", "eval", packed) + STOP
    assert verdict(stream) == "malicious"


def test_modelscan_issue_85_strings_parked_on_a_function():
    write = global_("numpy", "prod") + b"}" + text("helper") + text("id") + b"s" + BUILD
    facts = facts_of(write + STOP)
    assert any(isinstance(f, AttributeWrite) for f in facts)
    assert verdict(write + STOP) == "malicious"


def test_ghsa_5j3x_jp52_966f_a_dotted_name_leads_out_of_an_allowed_module():
    stream = proto(4) + stack_global("torch", "serialization.os.system") + RUN_ID + STOP
    assert verdict(stream) == "malicious"


def test_python_takes_the_last_line_without_its_newline():
    """``pickle._Unpickler``, and joblib with it, cuts the last byte instead and calls."""
    _shell_is_seen(MARK + text("id") + b"ios\nsystem!")


def test_python_takes_a_list_or_a_dict_for_the_arguments():
    _shell_is_seen(global_("os", "system") + EMPTY_LIST + text("id") + APPEND + REDUCE + STOP)
    _shell_is_seen(global_("os", "system") + b"}" + text("id") + b"Ns" + REDUCE + STOP)


@pytest.mark.parametrize(
    "prefix",
    [b"I-010\n", b"I1\0x\n", b"F1.5\0x\n", b"L1\0x\n", b"I0x1f\n", b"I1_0\n",
     b"I" + b" " * 5000 + b"1\n",
     b"S'" + b"a" * 5000 + b"'\n", b"I" + b"1_" * 2100 + b"1\n", b"V" + b"\\u0041" * 2000 + b"\n"],
)  # fmt: skip
def test_constants_that_one_real_unpickler_takes_do_not_end_the_walk(prefix):
    _shell_is_seen(prefix + b"0" + SHELL + b"N.")


@pytest.mark.parametrize(
    "index", [b" 1", b"+1", b"1_0", b"1\0x", b"0" * 30 + b"1", b"9" * 40, b"1\r"]
)
def test_memo_indices_in_every_spelling(index):
    juggled = text("os") + b"p" + index + b"\n0" + b"g" + index + b"\n"
    _shell_is_seen(proto(4) + juggled + text("system") + STACK_GLOBAL + RUN_ID + STOP)


def test_a_name_is_mapped_by_the_protocol_in_force():
    """``__builtin__`` is ``builtins`` up to protocol 2 only, and PROTO may change in between."""
    stream = (
        proto(3) + global_("__builtin__", "eval") + POP + proto(2) + global_("__builtin__", "eval")
    )
    found = [f for f in facts_of(stream + STOP) if isinstance(f, Import)]
    assert [f.resolved_module for f in found] == ["__builtin__", "builtins"]


def test_newobj_of_a_dangerous_class_is_a_call():
    stream = proto(2) + global_("subprocess", "Popen") + text("id") + TUPLE1 + NEWOBJ + STOP
    assert verdict(stream) == "malicious"


def test_the_result_of_a_call_that_is_called():
    getter = call("operator", "attrgetter", "system")
    module = Raw(call("importlib", "import_module", "os"))
    stream = getter + MARK + module.opcodes + TUPLE + REDUCE + text("id") + TUPLE1 + REDUCE + STOP
    assert verdict(stream) == "malicious"


def test_real_pickler_output_of_the_same_attack_in_every_protocol():
    class Attack:
        def __reduce__(self):
            import os

            return os.system, ("id",)

    for protocol in range(6):
        out = io.BytesIO()
        pickle.Pickler(out, protocol).dump(Attack())
        assert verdict(out.getvalue()) == "malicious"


def test_binput_far_above_the_names_is_no_hiding_place():
    stream = text("os") + BINPUT + b"\xff" + POP + b"j\xff\0\0\0" + text("system") + STACK_GLOBAL
    _shell_is_seen(proto(4) + stream + RUN_ID + STOP)
