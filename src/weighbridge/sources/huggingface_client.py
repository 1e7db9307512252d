"""Questions to a Hugging Face Hub, asked with the session of its own client library.

huggingface_hub knows the headers that a request carries and what an error means. Bodies are read
here, within bounds, and redirects and page links are left to the caller: the library's own calls
read bodies of any length and send the token wherever a page's link points.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from weighbridge import __version__
from weighbridge.errors import SourceError, TargetError, WeighbridgeError
from weighbridge.sources.patience import REQUEST_SECONDS, patiently
from weighbridge.sources.transport import (
    NO_PROXY,
    SILENCE_SECONDS,
    NetworkError,
    Pace,
    Query,
    Reply,
)

EXTRA = "weighbridge[hubs]"
_GRACE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class HubClient:
    """Asks one Hub, as fast as `pace` allows; `token` None sends none."""

    token: str | None
    pace: Pace | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a request, with the token if there is one.

        Raises:
            TargetError: the client library is not installed.
        """
        library = _library()
        sent: dict[str, str] = library.build_hf_headers(
            token=self.token or False, library_name="weighbridge", library_version=__version__
        )
        return sent

    def ask(self, query: Query, shown: str) -> Reply:
        """Return the answer to `query`: one of success, or a redirect, which is not followed.

        Args:
            query: its headers are added to those of every request.
            shown: how the user names what is asked about.

        Raises:
            TargetError: the Hub says no, or nothing; the text says what to do.
        """
        deadline = time.monotonic() + REQUEST_SECONDS
        try:
            reply = patiently(lambda until: _within(until, self._send, query), deadline)
        except SourceError as error:
            raise TargetError(f"{shown}: {error}") from error
        if reply.status >= 400:
            raise TargetError(f"{shown}: {_refusal(query, reply, self.token is not None)}")
        return reply

    def _send(self, query: Query, deadline: float) -> Reply:
        library = _library()
        import httpx2

        if self.pace is not None:
            self.pace.wait(query.url, deadline)
        try:
            with library.get_session().stream(
                query.method,
                query.url,
                headers={**self.headers(), "Accept-Encoding": "identity", **query.headers},
                content=query.body,
                timeout=max(0.001, min(SILENCE_SECONDS, deadline - time.monotonic())),
                follow_redirects=False,
            ) as response:
                body = bytearray()
                for piece in response.iter_raw():
                    body += piece
                    if len(body) > query.most:
                        break
                    if time.monotonic() > deadline:
                        raise NetworkError(f"{response.url.host}: the answer did not end in time")
        except (httpx2.InvalidURL, OSError) as error:  # OSError: HF_HUB_OFFLINE is set.
            raise TargetError(str(error)) from error
        except httpx2.ProxyError as error:
            raise NetworkError(f"{httpx2.URL(query.url).host}: {NO_PROXY}") from error
        except httpx2.HTTPError as error:
            late = isinstance(error, httpx2.TimeoutException)
            reason = "no answer in time" if late else "no connection"
            raise NetworkError(f"{httpx2.URL(query.url).host}: {reason}") from error
        sent = {name.lower(): value for name, value in response.headers.items()}
        cut = len(body) > query.most
        reply = Reply(response.status_code, sent, bytes(body[: query.most]), cut)
        if self.pace is not None:
            self.pace.heard(query.url, reply)
        return reply


def _within(deadline: float, send: Callable[[Query, float], Reply], query: Query) -> Reply:
    """Call `send` and give it up at the deadline, whatever the server makes it wait for."""
    answer: Future[Reply] = Future()

    def run() -> None:
        try:
            answer.set_result(send(query, deadline))
        except WeighbridgeError as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="weighbridge-ask", daemon=True).start()
    try:
        return answer.result(max(0.0, deadline - time.monotonic()) + _GRACE_SECONDS)
    except TimeoutError as error:
        raise NetworkError("the answer did not end in time") from error


def _library() -> Any:
    # Its once-a-day question about "agent harnesses" is no business of a scan.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from huggingface_hub import utils
    except ImportError as error:
        raise TargetError(f"models on Hugging Face need its client: install {EXTRA}") from error
    return utils


def _refusal(query: Query, reply: Reply, known: bool) -> str:
    """Return why the Hub says no, and what to do."""
    import httpx2
    from huggingface_hub import errors

    response = httpx2.Response(
        reply.status,
        headers=_plain(reply.headers),
        content=reply.body,
        request=httpx2.Request(query.method, query.url),
    )
    token = "the token that was sent" if known else "HF_TOKEN, which is not set,"
    try:
        _library().hf_raise_for_status(response)
    except errors.GatedRepoError:
        return (
            "it is gated: ask for access on its page, and see that "
            f"{token} belongs to the account that has it"
        )
    except errors.DisabledRepoError:
        return "the Hub has disabled it"
    except errors.RevisionNotFoundError:
        return "the model has no such revision"
    except errors.RepositoryNotFoundError:
        return f"no such model, or a private one; for a private one {token} needs access"
    except errors.HfHubHTTPError:
        pass
    if reply.status in (401, 403):
        return f"the Hub does not allow it (status {reply.status}); {token} may not be enough"
    if reply.status == 404:
        return "the Hub knows no such model"
    return f"the Hub answers with status {reply.status}; try again later"


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-encoding"}
