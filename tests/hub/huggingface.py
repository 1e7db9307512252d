"""The Hub's part: models and datasets, their trees, and resolve addresses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote, urlencode

from .content import Content, Repository
from .server import Request, Response, json_response
from .storage import ranged

if TYPE_CHECKING:
    from .server import LoopbackHub

_REFUSALS = {
    "missing": (404, "RepoNotFound", "Repository not found"),
    "gated": (403, "GatedRepo", "Access to this model is restricted"),
    "revision": (404, "RevisionNotFound", "Invalid rev id"),
    "disabled": (403, "", "Access to this resource is disabled."),
}


def refused(why: str) -> Response:
    status, code, text = _REFUSALS[why]
    response = json_response({"error": text}, status, X_Error_Message=text)
    if code:
        response.headers["X-Error-Code"] = code
    return response


class HuggingFaceRoutes:
    def __init__(self, hub: LoopbackHub) -> None:
        self._hub = hub

    def answer(self, request: Request) -> Response:
        faults = self._hub.faults
        if faults.limited:
            faults.limited -= 1
            limit = f'"api";r=0;t={faults.limited_seconds}'
            return json_response({"error": "Too many requests"}, 429, RateLimit=limit)
        if faults.refusal:
            return refused(faults.refusal)
        if faults.token and request.headers.get("Authorization") != f"Bearer {faults.token}":
            return refused("missing")
        parts = request.path.strip("/").split("/")
        if parts[0] != "api":
            return self._resolve(request, parts)
        if parts[1:2] == ["resolve-cache"]:
            return self._cached(request, parts[2:])
        if parts[1:] == ["agent-harnesses"]:
            return Response(404)
        if parts[1:] == ["models"]:
            return self._list(request)
        return self._about(request, parts[1], parts[2:])

    def _list(self, request: Request) -> Response:
        asked = parse_qs(request.query)
        listed = [
            _listed(one) for (kind, _), one in self._hub.repositories.items() if kind == "models"
        ]
        author, tags = asked.get("author"), set(asked.get("filter", []))
        listed = [
            one
            for one in listed
            if (not author or one["author"] == author[0]) and tags <= set(one["tags"])
        ]
        if sort := asked.get("sort"):
            listed.sort(key=lambda one: one.get(sort[0]) or 0, reverse=True)
        start, count = (
            int(asked.get(name, [given])[0]) for name, given in (("cursor", 0), ("limit", 1000))
        )
        count = min(count, self._hub.faults.list_page)
        response = json_response(listed[start : start + count])
        if start + count < len(listed):
            rest = [
                (name, value)
                for name, values in asked.items()
                for value in values
                if name != "cursor"
            ]
            place = f"{self._hub.url}/api/models?{urlencode([*rest, ('cursor', start + count)])}"
            response.headers["Link"] = f'<{self._hub.faults.next_page or place}>; rel="next"'
        return response

    def _find(self, kind: str, parts: list[str]) -> tuple[Repository, list[str]] | None:
        for width in (2, 1):
            found = self._hub.repositories.get((kind, "/".join(parts[:width])))
            if found is not None and len(parts) >= width:
                return found, parts[width:]
        return None

    def _about(self, request: Request, kind: str, parts: list[str]) -> Response:
        found = self._find(kind, parts)
        if found is None:
            return refused("missing")
        repository, rest = found
        asked = parse_qs(request.query)
        what = rest[0] if rest else "revision"
        commit = repository.commit_of(unquote(rest[1]) if len(rest) > 1 else "main")
        if commit is None:
            return refused("revision")
        if what == "revision":
            answer = json_response(_info(repository, commit, "blobs" in asked))
            answer.drip = self._hub.faults.drip_metadata
            return answer
        if what == "tree":
            return self._tree(request, repository, asked)
        if what == "paths-info":
            return self._paths(request, repository)
        if what == "refs":
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commit}
            return json_response({"branches": [branch], "tags": [], "converts": []})
        return Response(404)

    def _tree(
        self, request: Request, repository: Repository, asked: dict[str, list[str]]
    ) -> Response:
        faults = self._hub.faults
        start = int(asked.get("cursor", ["0"])[0])
        items = [_item(path, one) for path, one in repository.files.items()]
        shown = items[start : start + faults.page]
        response = json_response(shown)
        base = f"{self._hub.url}{request.path}?recursive=true"
        if faults.endless_pages:
            response.headers["Link"] = f'<{base}&cursor=0&turn={len(self._hub.log)}>; rel="next"'
        elif faults.next_page:
            response.headers["Link"] = f'<{faults.next_page}>; rel="next"'
        elif start + faults.page < len(items):
            response.headers["Link"] = f'<{base}&cursor={start + faults.page}>; rel="next"'
        return response

    def _paths(self, request: Request, repository: Repository) -> Response:
        form = parse_qs(request.body.decode())
        found = []
        for path in form.get("paths", []):
            if path in repository.files:
                item = _item(path, repository.files[path])
                if form.get("expand") == ["true"] and path in repository.security:
                    item["securityFileStatus"] = repository.security[path]
                found.append(item)
        return json_response(found)

    def _resolve(self, request: Request, parts: list[str]) -> Response:
        kind = parts.pop(0) if parts[0] == "datasets" else "models"
        found = self._find(kind, parts)
        if found is None:
            return refused("missing")
        repository, rest = found
        commit = repository.commit_of(unquote(rest[1])) if rest[:1] == ["resolve"] else None
        content = repository.files.get(unquote("/".join(rest[2:])))
        if commit is None:
            return refused("revision")
        if content is None:
            return json_response({"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound")
        headers = {"X-Repo-Commit": commit}
        if self._hub.faults.gated_files:
            return refused("gated")
        if self._hub.faults.redirect_loop:
            return Response(302, {**headers, "Location": f"{self._hub.url}{request.path}"})
        if not content.lfs:
            place = f"/api/resolve-cache/{kind}/{repository.name}/{commit}/"
            headers["ETag"] = f'"{content.blob}"'
            headers["Location"] = place + quote("/".join(rest[2:]), safe="%")
            return Response(307, headers)
        sha256 = "0" * 64 if self._hub.faults.wrong_hash else content.sha256
        if not self._hub.faults.no_linked_etag:
            headers["X-Linked-Etag"] = f'"{sha256}"'
        headers["X-Linked-Size"] = str(content.size)
        return Response(302, {**headers, "Location": self._hub.sign(content)})

    def _cached(self, request: Request, parts: list[str]) -> Response:
        found = self._find(parts[0], parts[1:])
        if found is None:
            return refused("missing")
        repository, rest = found
        content = repository.files[unquote(unquote("/".join(rest[1:])))]
        headers = {"X-Repo-Commit": rest[0], "ETag": f'"{content.blob}"'}
        return ranged(content, request, self._hub, headers)


def _info(repository: Repository, commit: str, blobs: bool) -> dict[str, object]:
    siblings = [
        {"rfilename": path, **(_sibling(one) if blobs else {})}
        for path, one in repository.files.items()
    ]
    author = repository.name.partition("/")[0]
    return {
        "id": repository.name,
        "author": author,
        "sha": commit,
        "siblings": siblings,
        "tags": [],
        "private": False,
        "gated": False,
        "downloads": 0,
        "likes": 0,
        **json.loads(json.dumps(repository.about)),
    }


def _listed(repository: Repository) -> dict[str, object]:
    known = {"author": repository.name.partition("/")[0], "tags": [], "downloads": 0}
    times = {"lastModified": "2026-01-01T00:00:00.000Z"}
    names = {"id": repository.name, "modelId": repository.name, "sha": repository.commit}
    return {**known, **times, **repository.about, **names}


def _sibling(content: Content) -> dict[str, object]:
    known: dict[str, object] = {"size": content.size, "blobId": content.blob}
    if content.lfs:
        pointer = len(content.pointer)
        known["lfs"] = {"sha256": content.sha256, "size": content.size, "pointerSize": pointer}
    return known


def _item(path: str, content: Content) -> dict[str, object]:
    item: dict[str, object] = {
        "type": "file", "path": path, "size": content.size, "oid": content.blob,
    }  # fmt: skip
    if content.lfs:
        pointer = len(content.pointer)
        item["lfs"] = {"oid": content.sha256, "size": content.size, "pointerSize": pointer}
    return item
