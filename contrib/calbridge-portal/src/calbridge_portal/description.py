"""The OpenAPI description says of every operation that it may be refused, and with what kind of document."""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from calbridge_portal.problems import CODES

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "retryable"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": sorted(CODES)},
        "retryable": {"type": "boolean"},
        "conflict": {"type": "object"},
        "alternatives": {"type": "array", "items": {"type": "object"}},
        "rule": {"type": "string"},
    },
}
REFUSAL: dict[str, Any] = {
    "description": "A refusal; `code` says which",
    "content": {"application/problem+json": {"schema": PROBLEM}},
}


class WithProblems(JsonRenderPlugin):
    """The description with a refusal beside each success."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Take the framework's own idea of a bad request out: this portal answers problem+json."""
        for item in openapi_schema["paths"].values():
            for operation in item.values():
                succeeds = {code: told for code, told in operation["responses"].items() if code < "400"}
                operation["responses"] = succeeds | {"default": REFUSAL}
        return super().render(request, openapi_schema)
