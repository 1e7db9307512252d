"""Models on Kaggle, through the model service that its own clients speak to.

Calls are POSTs of JSON, even those that only read. A file is handed out as a redirect to a signed
address; where Kaggle hands out no single files, the bundle of all is examined as the archive it is.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.errors import SourceError, TargetError
from weighbridge.sources import kaggle_facts
from weighbridge.sources.http_ranges import Address
from weighbridge.sources.hubs import (
    LISTING_BYTES,
    MOST_FILES,
    HubFile,
    Listing,
    count_of,
    flaw_of,
    list_of,
    mapping_of,
    parsed,
    text_of,
)
from weighbridge.sources.kaggle_address import KaggleAddress
from weighbridge.sources.patience import request
from weighbridge.sources.transport import Query, Reply, Transport, redirected

PRODUCTION = "https://api.kaggle.com"
BUNDLE = "bundle.tar.gz"
MOST_TOKEN = 4096
"""Characters of the token by which the next page is asked for."""
_PAGE = 100
_PAGES = 1000
_LIST_PAGES = 10
_LISTING_SECONDS = 300.0
_MOVED = (301, 302, 303, 307, 308)
_SIZE = re.compile(r"bytes 0-0/(\d{1,19})")


@dataclass(frozen=True, slots=True)
class Kaggle:
    """Kaggle and who asks it.

    Attributes:
        endpoint: without a slash at its end.
        login: the Authorization header; None asks anonymously.
    """

    transport: Transport
    endpoint: str = PRODUCTION
    login: str | None = None

    def listing(self, target: KaggleAddress, version: str | None = None) -> Listing:
        """Return the files of a variation at one version.

        Args:
            target: what to list.
            version: for a target that names none; None takes the latest.

        Raises:
            TargetError: there is no such model, it may not be read, or Kaggle does not answer; the
                text says what to do.
        """
        instance = self.call("GetModelInstance", self._named(target), target.shown)
        number = (
            target.version or _number(version, target) or count_of(instance.get("versionNumber"))
        )
        if not number:
            raise TargetError(f"{target.shown}: Kaggle names no version")
        asked = {**self._named(target), "versionNumber": number}
        files = tuple(self._file(item, asked) for item in self._items(asked, target))
        first = next((file for file in files if flaw_of(file.path) is None), None)
        if first is not None and not self._hands_out(first.address):
            files = (self._bundle(asked, target),)
        owner = {"ownerSlug": target.owner, "modelSlug": target.model}
        try:
            model = self.call("GetModel", owner, target.shown)
        except TargetError:
            model = {}  # What is told about a model is worth no failure.
        listed = self._listed(owner, target)
        about = kaggle_facts.about(model, instance, listed, target)
        return Listing("kaggle", target.name, str(number), self.endpoint, files, about)

    def call(self, method: str, asked: Mapping[str, object], shown: str) -> Mapping[str, Any]:
        """Call one method of the service and return its answer.

        Args:
            method: by the name that the service gives it.
            asked: its request.
            shown: how the user names what is asked about.

        Raises:
            TargetError: Kaggle says no, or nothing; the text says what to do.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        body = json.dumps(asked).encode()
        query = Query("POST", self._url(method), {**headers, **self._login()}, body, LISTING_BYTES)
        try:
            reply = request(self.transport, query)
        except SourceError as error:
            raise TargetError(f"{shown}: Kaggle cannot be asked: {error}") from error
        if reply.status != 200:
            raise TargetError(f"{shown}: {self._refusal(reply)}")
        answer = mapping_of(parsed(reply.body, reply.cut, shown))
        code = answer.get("code")
        if isinstance(code, int) and code >= 400:  # An error may come with status 200.
            raise TargetError(f"{shown}: {self._refusal(Reply(code, {}, b''))}")
        return answer

    def _listed(self, owner: Mapping[str, object], target: KaggleAddress) -> Mapping[str, Any]:
        """Return the variation as the list of variations tells of it, nothing where it does not.

        Only that list says whether somebody must agree to terms first.
        """
        token = ""
        for _ in range(_LIST_PAGES):
            page = {"pageSize": _PAGE, **({"pageToken": token} if token else {})}
            try:
                answer = self.call("ListModelInstances", {**owner, **page}, target.shown)
            except TargetError:
                return {}  # What is told about a model is worth no failure.
            for item in map(mapping_of, list_of(answer.get("instances"))):
                if target.is_variation(item.get("framework"), item.get("slug")):
                    return item
            token = text_of(answer.get("nextPageToken"), MOST_TOKEN) or ""
            if not token:
                break
        return {}

    def _named(self, target: KaggleAddress) -> dict[str, object]:
        return {
            "ownerSlug": target.owner,
            "modelSlug": target.model,
            "framework": target.framework_on_the_wire,
            "instanceSlug": target.variation,
        }

    def _items(
        self, asked: Mapping[str, object], target: KaggleAddress
    ) -> Iterator[tuple[str, int]]:
        """Yield name and size of every file, over all pages."""
        deadline = time.monotonic() + _LISTING_SECONDS
        token = ""
        seen: set[str] = set()
        names: set[str] = set()
        for _ in range(_PAGES):
            page = {"pageSize": _PAGE, **({"pageToken": token} if token else {})}
            answer = self.call("ListModelInstanceVersionFiles", {**asked, **page}, target.shown)
            for item in list_of(answer.get("files")):
                name, size = mapping_of(item).get("name"), count_of(mapping_of(item).get("size"))
                if not isinstance(name, str) or size is None:
                    raise TargetError(f"{target.shown}: Kaggle lists a file without name or size")
                if name not in names:
                    names.add(name)
                    yield name, size
            token = answer.get("nextPageToken") or ""
            if not token:
                return
            if token in seen or not isinstance(token, str) or len(names) > MOST_FILES:
                break
            if time.monotonic() > deadline:
                break
            seen.add(token)
        raise TargetError(f"{target.shown}: Kaggle's list of files does not end")

    def _file(self, item: tuple[str, int], asked: Mapping[str, object]) -> HubFile:
        name, size = item
        return HubFile(name, size, self._address({**asked, "path": name}, size))

    def _address(self, asked: Mapping[str, object], size: int) -> Address:
        secret = {"Content-Type": "application/json", **self._login()}
        url = self._url("DownloadModelInstanceVersion")
        return Address(url, size, secret, method="POST", body=json.dumps(asked).encode())

    def _hands_out(self, address: Address) -> bool:
        """Tell whether a single file has an address of its own."""
        query = Query(address.method, address.url, address.secret, address.body)
        try:
            return request(self.transport, query).status in _MOVED
        except SourceError:
            return True  # Whatever it is, it is told for each file.

    def _bundle(self, asked: Mapping[str, object], target: KaggleAddress) -> HubFile:
        """Return the archive of all files as the one file that there is."""
        address = self._address(asked, 0)
        query = Query(address.method, address.url, address.secret, address.body)
        try:
            reply = request(self.transport, query)
            if reply.status not in _MOVED:
                raise TargetError(f"{target.shown}: {self._refusal(reply)}")
            place = redirected(address.url, reply.header("location"))
            start = request(self.transport, Query("GET", place, {"Range": "bytes=0-0"}, most=1))
        except SourceError as error:
            raise TargetError(f"{target.shown}: its files cannot be reached: {error}") from error
        match = _SIZE.fullmatch(start.header("content-range"))
        if start.status != 206 or match is None:
            raise TargetError(f"{target.shown}: Kaggle's storage does not say how large it is")
        return HubFile(BUNDLE, int(match[1]), self._address(asked, int(match[1])))

    def _url(self, method: str) -> str:
        prefix = "v1" if self.endpoint == PRODUCTION else "api/v1"
        return f"{self.endpoint}/{prefix}/models.ModelApiService/{method}"

    def _login(self) -> dict[str, str]:
        return {"Authorization": self.login} if self.login else {}

    def _refusal(self, reply: Reply) -> str:
        """Return why Kaggle says no, and what to do."""
        if reply.status == 404:
            return "Kaggle has no such model or version, or it is private"
        if reply.status in (401, 403):
            login = "log in (KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY)"
            first = "see that the account may read it" if self.login else login
            return f"Kaggle does not allow it: {first}, and accept the model's terms on its page"
        return f"Kaggle answers with status {reply.status}; try again later"


def _number(version: str | None, target: KaggleAddress) -> int | None:
    if version is None:
        return None
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise TargetError(f"{target.shown}: a version is a number, not {version!r}")
    return int(version)
