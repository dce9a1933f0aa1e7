"""The OpenAPI description says of every operation that it may be refused, and with what kind of document."""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "retryable": {"type": "boolean"},
        "conflict": {"type": "object"},
        "existing": {"type": "string"},
    },
}
REFUSAL: dict[str, Any] = {
    "description": "A refusal; `code` says which",
    "content": {"application/problem+json": {"schema": PROBLEM}},
}


class WithProblems(JsonRenderPlugin):
    """The description with a refusal beside each success."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Take the framework's own idea of a bad request out: this practice answers problem+json."""
        for item in openapi_schema["paths"].values():
            for operation in item.values():
                succeeds = {code: told for code, told in operation["responses"].items() if code < "400"}
                operation["responses"] = succeeds | {"default": REFUSAL}
        return super().render(request, openapi_schema)
