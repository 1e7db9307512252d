"""The page of the API, made from its OpenAPI description, with nothing fetched from elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class PlainDocs(DocsBase):
    """Renders every operation as plain HTML under our own policy."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page."""
        schema = api.get_openapi_schema(path_params=kwargs)
        groups: dict[str, list[dict[str, Any]]] = {}
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                tag = (operation.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append(_shown(path, method, operation))
        context = {"groups": groups, "info": schema["info"]}
        return render(request, "weighbridge/api.html", context)


def _shown(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "body": [_name(content.get("schema", {})) for content in body.values()],
        "public": not operation.get("security"),
    }


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref") or schema.get("title") or "JSON").rpartition("/")[2]
