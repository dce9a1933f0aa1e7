"""What the PMS says it can do decides how it is read and written; what cannot be done safely is refused in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import field_validator

from calbridge.errors import NeedsHuman
from calbridge_pms.wire import Answer, read

Reading = Literal["cursor", "modified_since", "listing"]
DAYS_UNLIMITED = 36_500


class _Limits(Answer):
    page_max: int = 50
    window_days: int | None = None


class _Said(Answer):
    """The answer of /v1/capabilities; a value may be one word or a list of words."""

    time: frozenset[str] = frozenset({"offset"})
    availability: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset({"list"})
    changes: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    reschedule: frozenset[str] = frozenset({"patch"})
    idempotency: frozenset[str] = frozenset()
    conflict: frozenset[str] = frozenset({"409"})
    write: frozenset[str] = frozenset({"sync"})
    documents: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    limits: _Limits = _Limits()

    @field_validator(
        "time", "availability", "read", "changes", "deletes", "holds", "reschedule", "idempotency", "conflict",
        "write", "documents", "categories", mode="before",
    )  # fmt: skip
    @classmethod
    def _words(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """The strategy that follows. `conflict` names the dialects in which it says that a time is taken."""

    reading: Reading
    windows: bool
    closures: bool
    holds: bool
    keys: bool
    two_stage: bool
    documents: bool
    categories: bool
    conflict: frozenset[str]
    page_max: int
    window_days: int


def abilities_of(answer: Any) -> Abilities:
    """Read the answer; `NeedsHuman` names the first thing the bridge cannot work without."""
    said = read(_Said, answer, "list of capabilities")
    for wrong, sentence in _obstacles(said):
        if wrong:
            raise NeedsHuman(f"this PMS {sentence}; this plugin cannot work with it")
    return Abilities(
        reading=_reading(said),
        windows="windows" in said.availability,
        closures="closures" in said.availability,
        holds=bool(said.holds & {"placeholder", "native"}),
        keys="header" in said.idempotency,
        two_stage="two_stage" in said.write,
        documents="client" in said.documents,
        categories="list" in said.categories,
        conflict=said.conflict,
        page_max=max(1, said.limits.page_max),
        window_days=max(1, said.limits.window_days or DAYS_UNLIMITED),
    )


def _obstacles(said: _Said) -> tuple[tuple[bool, str], ...]:
    return (
        (not said.time & {"offset", "utc"}, "gives times without an offset (time)"),
        ("list" not in said.read, "cannot list appointments (read)"),
        ("patch" not in said.reschedule, "cannot change an appointment in place (reschedule)"),
        (
            not said.idempotency & {"header", "client_ref"},
            "knows neither idempotency keys nor client_ref, so a write whose answer was lost could be doubled",
        ),
    )


def _reading(said: _Said) -> Reading:
    """A feed that hides deletions is not enough: then the window is listed and compared each time."""
    if not said.deletes & {"tombstone", "status"}:
        return "listing"
    if "cursor" in said.changes:
        return "cursor"
    return "modified_since" if "modified_since" in said.changes and "status" in said.deletes else "listing"
