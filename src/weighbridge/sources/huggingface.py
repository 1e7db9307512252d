"""Models and datasets on the Hugging Face Hub (huggingface.co/docs/hub/api).

The commit is asked for first, and everything after is pinned to it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from weighbridge.errors import SourceError, TargetError
from weighbridge.sources import huggingface_facts as facts
from weighbridge.sources.http_ranges import Address
from weighbridge.sources.hubs import (
    LISTING_BYTES,
    MOST_FILES,
    HubFile,
    Listing,
    ScannerResult,
    count_of,
    list_of,
    mapping_of,
    parsed,
    text_of,
)
from weighbridge.sources.huggingface_address import HuggingFaceAddress, is_name
from weighbridge.sources.huggingface_client import HubClient
from weighbridge.sources.transport import Pace, Query, Reply, origin, redirected

ENDPOINT = "https://huggingface.co"
_PAGES = 200
_LISTING_SECONDS = 300.0
_BASES = 2
_PATHS_AT_ONCE = 200
_MOST_PATHS = 2000
"""Files whose results of the Hub's scanners are asked for, weights first."""
_RENAMES = 3
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;\s*rel="?next"?')


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """A Hub and who asks it.

    Attributes:
        endpoint: without a slash at its end.
        token: sent to the endpoint's own origin alone; None sends none.
        pace: how fast it may be asked.
    """

    endpoint: str = ENDPOINT
    token: str | None = None
    pace: Pace | None = None

    def listing(self, target: HuggingFaceAddress, revision: str | None = None) -> Listing:
        """Return the files of a model or dataset, pinned to its commit.

        Raises:
            TargetError: there is no such model, it may not be read, or the Hub does not answer;
                the text says what to do.
        """
        asked = target.revision or revision or "main"
        base = f"{self.endpoint}/api/{target.kind}/{target.name}"
        url = f"{base}/revision/{quote(asked, safe='')}?securityStatus=true"
        reply = self._redirected(Query("GET", url, most=LISTING_BYTES), target)
        about = mapping_of(parsed(reply.body, reply.cut, target.shown))
        commit = about.get("sha")
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise TargetError(f"{target.shown}: the Hub names no commit for {asked!r}")
        target = _canonical(target, about.get("id"))
        base = f"{self.endpoint}/api/{target.kind}/{target.name}"
        items = list(self._tree(f"{base}/tree/{commit}?recursive=true&expand=false", target))
        scans = self._scans(f"{base}/paths-info/{commit}", items, target)
        files = tuple(self._file(target, commit, item, scans) for item in items)
        name = target.name if target.kind == "models" else f"{target.kind}/{target.name}"
        told = facts.about(about)
        return Listing("huggingface", name, commit, self.endpoint, files, told)

    def with_licences(self, listing: Listing) -> Listing:
        """Return a listing whose models it is made from, the first two, tell their own licence.

        One that may not be read, or that is not there, says nothing.
        """
        bases = [
            {**base, "license": self._licence(base["id"]) if number < _BASES else None}
            for number, base in enumerate(listing.about.get("base_models", ()))
        ]
        return replace(listing, about={**listing.about, "base_models": bases})

    def _licence(self, name: str) -> str | None:
        if not is_name(name):
            return None
        target = HuggingFaceAddress("models", name)
        url = f"{self.endpoint}/api/models/{name}"
        try:
            reply = self._redirected(Query("GET", url, most=LISTING_BYTES), target)
            told = facts.about(mapping_of(parsed(reply.body, reply.cut, target.shown)))
        except TargetError:
            return None
        return text_of(told["license"])

    def _file(
        self,
        target: HuggingFaceAddress,
        commit: str,
        item: Mapping[str, Any],
        scans: Mapping[str, tuple[ScannerResult, ...]],
    ) -> HubFile:
        path, size = item["path"], item["size"]
        lfs = mapping_of(item.get("lfs"))
        declared = lfs.get("oid", lfs.get("sha256"))
        sha256 = declared if isinstance(declared, str) and _SHA256.fullmatch(declared) else None
        oid = text_of(item.get("oid"))
        secret = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        prefix = "" if target.kind == "models" else f"{target.kind}/"
        where = f"{prefix}{target.name}/resolve/{commit}/{quote(path, errors='surrogatepass')}"
        address = Address(f"{self.endpoint}/{where}", size, secret, sha256=sha256, commit=commit)
        blob = oid if oid and not lfs and _COMMIT.fullmatch(oid) else None
        return HubFile(path, size, address, sha256, blob, oid, scans.get(path, ()))

    def _tree(self, url: str, target: HuggingFaceAddress) -> Iterator[Mapping[str, Any]]:
        """Yield the files of all pages; pages of another host are not asked for."""
        deadline = time.monotonic() + _LISTING_SECONDS
        seen: set[str] = set()
        paths: set[str] = set()
        for _ in range(_PAGES):
            seen.add(url)
            reply = self._redirected(Query("GET", url, most=LISTING_BYTES), target)
            for item in list_of(parsed(reply.body, reply.cut, target.shown)):
                path, size = mapping_of(item).get("path"), count_of(mapping_of(item).get("size"))
                if mapping_of(item).get("type") != "file" or path in paths:
                    continue
                if not isinstance(path, str) or size is None:
                    raise TargetError(f"{target.shown}: the Hub lists a file without name or size")
                paths.add(path)
                if len(paths) > MOST_FILES:
                    raise TargetError(f"{target.shown}: more than {MOST_FILES} files")
                yield item
            following = _NEXT.search(reply.header("link"))
            if following is None:
                return
            url = self._own(url, following[1], target)
            if url in seen or time.monotonic() > deadline:
                break
        raise TargetError(f"{target.shown}: the Hub's list of files does not end")

    def _own(self, url: str, location: str, target: HuggingFaceAddress) -> str:
        """Return where `location`, sent by `url`, leads; the token goes to the endpoint only."""
        try:
            place = redirected(url, location)
            own = origin(place) == origin(self.endpoint)
        except SourceError as error:
            raise TargetError(f"{target.shown}: {error}") from error
        if not own:
            raise TargetError(f"{target.shown}: the Hub's answer goes on at another host")
        return place

    def _scans(
        self, url: str, items: Sequence[Mapping[str, Any]], target: HuggingFaceAddress
    ) -> dict[str, tuple[ScannerResult, ...]]:
        """Return what the Hub's scanners say, by path; nothing where it tells nothing."""
        found: dict[str, tuple[ScannerResult, ...]] = {}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        asked = sorted(items, key=lambda item: "lfs" not in item)[:_MOST_PATHS]
        for start in range(0, len(asked), _PATHS_AT_ONCE):
            batch = asked[start : start + _PATHS_AT_ONCE]
            pairs = [
                f"paths={quote(item['path'], safe='', errors='surrogatepass')}" for item in batch
            ]
            body = "&".join([*pairs, "expand=true"]).encode("ascii")
            query = Query("POST", url, headers, body, LISTING_BYTES)
            try:
                reply = self._client.ask(query, target.shown)
                answers = list_of(parsed(reply.body, reply.cut, target.shown))
            except TargetError:
                return found  # A second opinion is worth no failure.
            for item in answers:
                path = mapping_of(item).get("path")
                results = facts.scanner_results(mapping_of(item).get("securityFileStatus"))
                if isinstance(path, str) and results:
                    found[path] = results
        return found

    def _redirected(self, query: Query, target: HuggingFaceAddress) -> Reply:
        """Ask, and ask again where a renamed model's redirect leads, on the same host."""
        reply = self._client.ask(query, target.shown)
        for _ in range(_RENAMES):
            if reply.status < 300:
                return reply
            place = self._own(query.url, reply.header("location"), target)
            query = replace(query, url=place)
            reply = self._client.ask(query, target.shown)
        if reply.status < 300:
            return reply
        raise TargetError(f"{target.shown}: the Hub redirects without end")

    @property
    def _client(self) -> HubClient:
        return HubClient(self.token, self.pace)


def _canonical(target: HuggingFaceAddress, name: object) -> HuggingFaceAddress:
    """Return `target` by the name that the Hub gives it: models are renamed and moved."""
    return replace(target, name=name) if isinstance(name, str) and is_name(name) else target
