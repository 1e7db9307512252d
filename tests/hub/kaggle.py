"""Kaggle's part: the model service that its clients speak to, as POSTs of JSON."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

from .content import Content
from .server import Request, Response, json_response

if TYPE_CHECKING:
    from .server import LoopbackHub

_SERVICE = "models.ModelApiService/"
_PAGE = 25


class KaggleRoutes:
    """`models` holds the files by handle, the version included."""

    def __init__(self, hub: LoopbackHub) -> None:
        self._hub = hub
        self.models: dict[str, dict[str, Content]] = {}
        self.about: dict[str, object] = {}
        self.instance: dict[str, object] = {}
        self.listed: dict[str, object] = {}

    def add(self, handle: str, files: dict[str, Content]) -> None:
        self.models[handle] = files

    def answer(self, request: Request) -> Response | None:
        """Answer what is meant for Kaggle; None for anything else."""
        if request.method != "POST" or _SERVICE not in request.path:
            return None
        faults = self._hub.faults
        if faults.limited:
            faults.limited -= 1
            return json_response({"code": 429, "message": "TooManyRequests"}, 429)
        if faults.token and request.headers.get("Authorization") != f"Bearer {faults.token}":
            return json_response({"code": 403, "message": "Permission denied"}, 403)
        if faults.kaggle_code:
            return json_response({"code": faults.kaggle_code, "message": "no"})
        asked = json.loads(request.body or b"{}")
        method = request.path.rpartition("/")[2]
        answers = {
            "ListModels": self._list,
            "GetModel": self._model,
            "GetModelInstance": self._instance,
            "ListModelInstances": self._instances,
            "ListModelInstanceVersionFiles": self._files,
            "DownloadModelInstanceVersion": self._download,
        }
        return answers[method](asked) if method in answers else json_response({}, 404)

    def _versions(self, asked: dict[str, object]) -> dict[int, dict[str, Content]]:
        found = {}
        framework = str(asked.get("framework", "")).removeprefix("MODEL_FRAMEWORK_")
        for handle, files in self.models.items():
            owner, model, kind, variation, version = handle.split("/")
            same = kind.replace("_", "").lower() == framework.replace("_", "").lower()
            names = (asked.get("ownerSlug"), asked.get("modelSlug"), asked.get("instanceSlug"))
            if same and names == (owner, model, variation):
                found[int(version)] = files
        return found

    def _model(self, asked: dict[str, object]) -> Response:
        prefix = f"{asked.get('ownerSlug')}/{asked.get('modelSlug')}/"
        if not any(handle.startswith(prefix) for handle in self.models):
            return json_response({"code": 404, "message": "Resource not found"}, 404)
        return json_response({"id": 1, "ref": prefix.strip("/"), **self.about})

    def _list(self, asked: dict[str, object]) -> Response:
        models: dict[str, dict[tuple[str, str], int]] = {}
        for handle in self.models:
            owner, model, framework, variation, version = handle.split("/")
            if asked.get("owner") in (None, owner):
                latest = models.setdefault(f"{owner}/{model}", {})
                one = (framework, variation)
                latest[one] = max(latest.get(one, 0), int(version))
        listed = [
            {
                "ref": ref,
                **self.about,
                "instances": [
                    {"framework": kind, "slug": slug, "versionNumber": number}
                    for (kind, slug), number in latest.items()
                ],
            }
            for ref, latest in models.items()
        ]
        start, count = int(str(asked.get("pageToken") or 0)), int(str(asked.get("pageSize")))
        count = min(count, self._hub.faults.list_page)
        token = str(start + count) if start + count < len(listed) else ""
        answer = {"nextPageToken": token, "totalResults": len(listed)}
        return json_response({"models": listed[start : start + count], **answer})

    def _instance(self, asked: dict[str, object]) -> Response:
        versions = self._versions(asked)
        if not versions:
            return json_response({"code": 404, "message": "Resource not found"}, 404)
        return json_response({"id": 2, "versionNumber": max(versions), **self.instance})

    def _instances(self, asked: dict[str, object]) -> Response:
        prefix = f"{asked.get('ownerSlug')}/{asked.get('modelSlug')}/"
        kinds = {
            tuple(handle.split("/")[2:4]) for handle in self.models if handle.startswith(prefix)
        }
        shown = [
            {"framework": f"MODEL_FRAMEWORK_{kind}", "slug": slug, **self.listed}
            for kind, slug in sorted(kinds)
        ]
        start = int(str(asked.get("pageToken") or 0))
        count = min(int(str(asked.get("pageSize"))), self._hub.faults.list_page)
        token = str(start + count) if start + count < len(shown) else ""
        return json_response({"instances": shown[start : start + count], "nextPageToken": token})

    def _files(self, asked: dict[str, object]) -> Response:
        faults = self._hub.faults
        versions = self._versions(asked)
        number = asked.get("versionNumber") or max(versions, default=0)
        if number not in versions:
            return json_response({"code": 404, "message": "Resource not found"}, 404)
        listed = [
            {"name": name, "size": 0 if faults.shown_empty else one.size}
            for name, one in versions[number].items()
        ]
        listed += [{"name": name, "size": 5} for name in faults.listed_names]
        start = int(asked.get("pageToken") or 0)
        count = int(asked.get("pageSize") or _PAGE)
        shown = {"files": listed[start : start + count], "nextPageToken": ""}
        if faults.endless_pages or start + count < len(listed):
            shown["nextPageToken"] = str(start if faults.endless_pages else start + count)
        return json_response(shown)

    def _download(self, asked: dict[str, object]) -> Response:
        files = self._versions(asked).get(asked.get("versionNumber"), {})
        path = asked.get("path")
        if path is None:
            return Response(302, {"Location": self._hub.sign(_bundle(files))})
        if path not in files or (self._hub.faults.bundle_only):
            return json_response({"code": 404, "message": "Resource not found"}, 404)
        return Response(302, {"Location": self._hub.sign(files[path])})


def _bundle(files: dict[str, Content]) -> Content:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = content.size
            archive.addfile(entry, io.BytesIO(content.read(0, content.size)))
    return Content(buffer.getvalue())
