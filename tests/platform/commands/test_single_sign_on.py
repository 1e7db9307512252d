"""Single sign-on, against a provider of OpenID Connect that runs on this machine."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from running import served

pytestmark = pytest.mark.slow
provider = pytest.importorskip("oidc_provider_mock", reason="it is the provider")


def form_of(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    fields = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text)
    return dict(fields)


def test_a_person_of_the_organisation_becomes_a_reader(tmp_path: Path) -> None:
    user = provider.User(sub="ada", claims={"email": "ada@example.org", "name": "Ada"})
    with provider.run_server_in_thread(user_claims=(user,)) as server:
        settings = {
            "WEIGHBRIDGE_OIDC_URL": f"http://127.0.0.1:{server.server_port}",
            "WEIGHBRIDGE_OIDC_CLIENT_ID": "weighbridge",
            "WEIGHBRIDGE_OIDC_SECRET": "not a secret",
        }
        with served(tmp_path / "data", **settings) as serving:
            client = httpx.Client(base_url=serving.address, timeout=30, follow_redirects=True)
            login = client.get("/login")
            link = re.search(r'href="(/sso/[^"]+)"', login.text)
            assert link is not None, login.text
            asked = client.get(link[1])
            # Browsers hold the policy against the address that the form's answer leads to.
            assert str(server.server_port) in asked.headers["Content-Security-Policy"]
            at_provider = client.post(asked.url, data=form_of(asked))
            assert at_provider.url.port == server.server_port, at_provider.text
            answer = client.post(at_provider.url, data={"sub": "ada"})
            assert str(answer.url).startswith(serving.address), answer.text
            assert answer.status_code == 200, answer.text
            assert ">ada</a>" in answer.text
            assert client.get("/queue").status_code == 403
            assert client.get("/models").status_code == 200
