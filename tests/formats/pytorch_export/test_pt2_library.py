"""Files that torch.export.save writes are clean."""

import pytest

from formats.templates.scanning import Answer

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def models(torch):
    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(4, 3)
            self.register_buffer("shift", torch.ones(3))

        def forward(self, x):
            return torch.relu(self.linear(x)) + self.shift + torch.tensor([1.0, 2.0, 3.0])

    class Dynamic(torch.nn.Module):
        def forward(self, x, d):
            if x.shape[0] > 4:
                x = x + 1
            return x * d["k"][0] + x.shape[0] // 2

    class Branching(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,))

    auto = torch.export.Dim.AUTO
    x = torch.randn(6, 4)
    shapes = {"x": {0: auto}, "d": {"k": [{0: auto}]}}
    return {
        "plain": (Plain(), (torch.randn(2, 4),), None),
        "batch": (Plain(), (torch.randn(2, 4),), {"x": {0: torch.export.Dim("b", min=1, max=8)}}),
        "dynamic": (Dynamic(), (x, {"k": [torch.randn(6, 4)]}), shapes),
        "branching": (Branching(), (x,), None),
    }


@pytest.mark.parametrize("name", ["plain", "batch", "dynamic", "branching"])
def test_exported_programs_are_clean(torch, tmp_path, name):
    model, inputs, shapes = models(torch)[name]
    exported = torch.export.export(model, inputs, dynamic_shapes=shapes)
    torch.export.save(exported, tmp_path / "m.pt2", extra_files={"note.txt": "hello"})
    answer = Answer((tmp_path / "m.pt2").read_bytes())
    assert (answer.verdict, answer.rules, answer.formats[0]) == ("clean", set(), "pt2")


def test_mobile_programs_are_weak_like_torchscript(torch, tmp_path):
    module = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()))
    try:
        module._save_for_lite_interpreter(str(tmp_path / "m.ptl"), _use_flatbuffer=True)
    except (AttributeError, RuntimeError) as error:
        pytest.skip(str(error))
    answer = Answer((tmp_path / "m.ptl").read_bytes())
    assert (answer.verdict, answer.rules) == ("weakness", {"torchscript-code"})
