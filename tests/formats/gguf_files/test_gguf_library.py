"""Files that the gguf library writes are clean."""

import pytest

from formats.templates.families import FAMILIES
from formats.templates.scanning import Answer

gguf = pytest.importorskip("gguf")
numpy = pytest.importorskip("numpy")


def written(path, endian=None, template=None, vocabulary=500, tensors=True):
    writer = gguf.GGUFWriter(path, "llama", endianess=endian or gguf.GGUFEndian.LITTLE)
    writer.add_name("tiny")
    writer.add_license("mit")
    writer.add_source_url("https://example.org/model")
    writer.add_context_length(128)
    writer.add_rope_freq_base(1e4)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"tok{n}" for n in range(vocabulary)])
    writer.add_token_scores([0.0] * vocabulary)
    writer.add_token_types([1] * vocabulary)
    writer.add_token_merges([f"a{n} b{n}" for n in range(vocabulary)])
    if template is not None:
        writer.add_chat_template(template)
    if tensors:
        writer.add_tensor("token_embd.weight", numpy.zeros((vocabulary, 32), numpy.float32))
        writer.add_tensor("norm", numpy.zeros(5, numpy.float16))
        for name in ("Q8_0", "Q4_0", "Q6_K", "IQ4_XS", "MXFP4", "TQ2_0"):
            kind = getattr(gguf.GGMLQuantizationType, name)
            block, size = gguf.GGML_QUANT_SIZES[kind]
            rows = numpy.zeros((3, size * 2), numpy.uint8)
            writer.add_tensor(name, rows, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


@pytest.mark.parametrize("endian", list(gguf.GGUFEndian))
@pytest.mark.parametrize("tensors", [True, False])
def test_files_of_the_library_are_clean(tmp_path, endian, tensors):
    answer = Answer(written(tmp_path / "m.gguf", endian, FAMILIES["llama_3"], 500, tensors))
    assert (answer.verdict, answer.rules, answer.formats) == ("clean", set(), ["gguf"])


def test_named_templates_of_the_library_are_read(tmp_path):
    templates = [
        {"name": "default", "template": FAMILIES["chatml"]},
        {"name": "tool_use", "template": FAMILIES["hermes_tools"] + "{{ x.__class__ }}"},
    ]
    answer = Answer(written(tmp_path / "m.gguf", template=templates))
    assert answer.findings[0].member == "tokenizer.chat_template.tool_use"


def test_block_sizes_are_those_of_the_library():
    from weighbridge.formats.gguf.types import BLOCKS

    for kind, sizes in gguf.GGML_QUANT_SIZES.items():
        assert BLOCKS.get(int(kind), sizes) == sizes
