"""A refusal is one problem+json body with a code; what it means for a repeat is said in `retryable`."""

from http import HTTPStatus
from typing import Any


class ProblemError(Exception):
    """Carries a status, a code and one sentence; `extra` joins the body (conflict, existing)."""

    def __init__(self, status: int, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.extra = status, code, detail, extra

    @property
    def body(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "retryable": self.status in (429, 503),
            **self.extra,
        }


def invalid(detail: str) -> ProblemError:
    """The request cannot be understood."""
    return ProblemError(400, "invalid_request", detail)


def not_found(what: str, ident: str) -> ProblemError:
    """There is no such thing, or no longer."""
    return ProblemError(404, "not_found", f"There is no {what} {ident!r}.")


def unprocessable(code: str, detail: str) -> ProblemError:
    """The request is understood and cannot be carried out as it stands."""
    return ProblemError(422, code, detail)
