"""Agents of Stable-Baselines3, whose settings are JSON with pickles in base64."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import pytest
from evals.stable_baselines import saved, serialized
from formats_judging import facts_of, formats, gaps, verdict

import weighbridge
from builders import pickles as p
from weighbridge.facts.pickles import Stream
from weighbridge.rules.judge import judge

SHELL = p.proto(4) + p.call("os", "system", "echo weighbridge") + p.STOP
POLICY = p.proto(4) + p.stack_global("stable_baselines3.common.policies", "ActorCriticPolicy")


def agent(padding: int = 0, **pickles: bytes | str) -> bytes:
    values: dict[str, object] = {}
    for key, value in pickles.items():
        if isinstance(value, bytes):
            values[key] = serialized(value)
        else:
            values[key] = {":type:": "x", ":serialized:": value}
    return saved(values, padding)


def test_an_honest_agent_is_clean() -> None:
    content = agent(policy_class=POLICY + p.STOP)
    assert verdict(content) == "clean"
    assert any(isinstance(fact, Stream) for fact in facts_of(content))


def test_a_pickle_in_its_settings_is_what_loading_runs() -> None:
    (found,) = judge(facts_of(agent(policy_class=POLICY + p.STOP, lr_schedule=SHELL)), "agent.zip")
    assert (found.rule, found.kind.value) == ("dangerous-call", "malicious")
    assert found.member == "data!lr_schedule"
    assert "stable_baselines3.PPO.load" in found.loaders


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"cos\nsystem\n(S'echo weighbridge'\ntR.").decode(),
        "\n".join(base64.encodebytes(SHELL).decode().split("\n")),
        "!!" + base64.b64encode(SHELL).decode() + "%%",
    ],
    ids="protocol-0 lines stray-characters".split(),
)
def test_it_is_decoded_as_the_loader_decodes_it(text: str) -> None:
    assert verdict(agent(policy_class=text)) == "malicious"


def test_the_settings_alone_are_read_as_well() -> None:
    with zipfile.ZipFile(io.BytesIO(agent(x=SHELL))) as archive:
        content = archive.read("data")
    assert formats(facts_of(content)) == ["stable-baselines3"]
    assert verdict(content) == "malicious"


def test_what_is_no_base64_makes_the_loader_fail_and_nothing_else() -> None:
    assert verdict(agent(a="gAR", b="")) == "clean"


def test_settings_that_are_filled_up_are_read_to_their_end() -> None:
    assert verdict(agent(5 << 20, lr_schedule=SHELL)) == "malicious"


def test_thousands_of_pickles_are_bounded() -> None:
    content = agent(**{f"k{number}": POLICY + p.STOP for number in range(700)})
    assert "limit-pickles" in gaps(facts_of(content))


def test_agents_of_the_library(tmp_path: Path) -> None:
    pytest.importorskip("gymnasium", reason="its environments are learned")
    library = pytest.importorskip("stable_baselines3", reason="it saves agents")
    agents = {
        "ppo.zip": library.PPO("MlpPolicy", "CartPole-v1", n_steps=8, batch_size=8),
        "a2c.zip": library.A2C("MlpPolicy", "CartPole-v1", policy_kwargs={"net_arch": [8]}),
        "dqn.zip": library.DQN("MlpPolicy", "CartPole-v1", learning_starts=4, buffer_size=100),
    }
    for name, one in agents.items():
        one.save(tmp_path / name)
    report = weighbridge.scan(tmp_path)
    assert {file.path: file.verdict.value for file in report.files} == dict.fromkeys(
        agents, "clean"
    )
