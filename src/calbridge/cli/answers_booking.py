"""What the commands about one booking print with `--json`: requests, who its client may be, and its whole life.

Names and what a client typed appear only where `--names` was given; everything else is codes, instants and keys.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from calbridge.cli.answer import Answer
from calbridge.lifecycle import CommandKind


class RequestLine(Answer):
    """One booking of `requests list`."""

    clinic: str
    id: str
    state: str
    written: bool = Field(description="false for a confirmed booking that the system of record does not have yet")
    service: str
    resource: str
    start: str
    end: str
    match: str = Field(description="linked, proposed, ambiguous, unmatched, creating, or empty: nobody was asked yet")
    waits: bool = Field(description="a person must still say who the client is, or which animal of hers")
    corrected: list[str] = Field(description="what she changed of herself after a record was linked, by field")
    client: str = Field(description="record number in the PMS, or empty")
    name: str | None = Field(description="only with --names")
    patient: str | None = Field(description="only with --names")


class Requests(Answer):
    """`requests list`"""

    requests: list[RequestLine]


class Asked(Answer):
    """What a person asked for; the next cycle does it."""

    clinic: str
    appointment: str
    command: CommandKind
    client: str = Field(default="", description="record it is to be linked to")
    patient: str = Field(default="", description="animal it is to be linked to")


# --- who is it? -----------------------------------------------------------------------------------


class GivenLine(Answer):
    """One thing the client gave."""

    field: str
    value: str | None = Field(description="only with --names")


class AnimalLine(Answer):
    """One animal of the name that was given."""

    patient: str = Field(description="record number")
    fits: bool = Field(description="it is the one, by patient_match")
    agrees: list[str]
    differs: list[str]
    sentence: str


class CandidateLine(Answer):
    """One record of the PMS beside what was given."""

    client: str = Field(description="record number")
    fits: bool = Field(description="a candidate, by client_match")
    refused: bool = Field(description="a person said that it is somebody else's")
    linked: bool = Field(description="the booking is linked to it")
    agrees: list[str] = Field(description="fields that are equal")
    differs: list[str] = Field(description="fields that say something else; the record keeps its own")
    name: str | None = Field(description="only with --names")
    patients: list[AnimalLine]
    sentence: str


class ActionLine(Answer):
    """Something a person can do now."""

    command: str
    does: str


class Who(Answer):
    """What is known of a booking's client."""

    asked: str = Field(description="empty, or one sentence why the PMS could not be asked just now")
    match: str
    client: str
    patient: str
    refused: list[str] = Field(description="records that a person said are somebody else's")
    given: list[GivenLine]
    corrected: list[str] = Field(description="fields of `given` that the client changed after a record was linked")
    agreed: str | None = Field(description="instant at which the client agreed to the privacy notice")
    candidates: list[CandidateLine]


class ShownRequest(Who):
    """`requests show`"""

    clinic: str
    id: str
    state: str
    service: str
    resource: str
    start: str
    end: str
    description: str | None = Field(description="the reason of the visit, only with --names")
    actions: list[ActionLine]


class Decided(Answer):
    """One decision of the journal."""

    at: str
    code: str
    connection: str
    facts: dict[str, str]
    sentence: str


class ExplainedMatch(Who):
    """`explain match`"""

    clinic: str
    id: str
    rule: str = Field(description="client_match, and what it asks for")
    outcome: str = Field(description="what the rule makes of the records as they are now")
    decided: list[Decided] = Field(description="what was decided when, and on what evidence")
    actions: list[ActionLine]


# --- its whole life -------------------------------------------------------------------------------


class ShownBy(Answer):
    """Where one side shows a booking now."""

    connection: str
    role: Literal["calendar", "pms", "portal"]
    shows: bool
    state: str
    resource: str
    start: str | None
    end: str | None
    behind: list[str] = Field(description="fields in which it does not show yet what it should")
    sentence: str


class WaitingWrite(Answer):
    """A write that is due or whose answer is not known."""

    connection: str
    state: Literal["intent", "sent"] = Field(description="meant, or sent without an answer")
    attempts: int
    again_at: str | None
    why: str


class ExplainedBooking(Answer):
    """`explain booking`"""

    clinic: str
    id: str
    state: str
    service: str
    resource: str
    start: str
    end: str
    client: str
    patient: str
    name: str | None = Field(description="only with --names")
    stands: list[str] = Field(description="what its client may count on and what is still missing, one sentence each")
    life: list[Decided]
    shown: list[ShownBy]
    waiting: list[WaitingWrite]
    commands: list[CommandKind] = Field(description="asked for by a person, done by the next cycle")
    tasks: list[str] = Field(description="open tasks, one sentence each")
