"""What a PMS answers, as pydantic reads it: unknown fields are allowed, missing or wrong ones are named.

Only field names go into a sentence, never what stood in them: it may be somebody's data.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from calbridge.errors import NeedsHuman

Status = Literal["tentative", "confirmed", "arrived", "fulfilled", "cancelled", "no_show"]
ModelT = TypeVar("ModelT", bound=BaseModel)


class Answer(BaseModel):
    """The base of everything read: frozen, and open to fields of a later version."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Spanned(Answer):
    """Something that has a time."""

    id: str = Field(min_length=1)
    revision: str
    start: AwareDatetime
    end: AwareDatetime

    @field_validator("revision", mode="before")
    @classmethod
    def _text(cls, value: Any) -> str:
        if not isinstance(value, str | int):
            raise ValueError("a revision is a number or a text")  # noqa: TRY004 - pydantic wants a ValueError
        return str(value)

    @model_validator(mode="after")
    def _ordered(self) -> Spanned:
        if self.end <= self.start:
            raise ValueError("it ends before it begins")
        return self


class Timed(Spanned):
    """Something that takes a resource's time."""

    resource: str


class PmsClosure(Spanned):
    """The practice is closed, or the one site that is named."""

    location: str | None = None


class PmsAppointment(Timed):
    """One appointment."""

    status: Status
    rooms: tuple[str, ...] = ()
    type: str | None = None
    title: str = ""
    description: str = ""
    note: str = ""
    client_id: str | None = None
    patient_id: str | None = None
    categories: tuple[str, ...] = ()
    client_ref: str | None = None
    client_revision: int | None = None
    modified_by: str = ""
    modified: AwareDatetime | None = None
    write_state: Literal["pending", "written", "failed"] = "written"
    write_problem: str = ""


class PmsWindow(Answer):
    """One window of one day."""

    start: AwareDatetime
    end: AwareDatetime
    kind: Literal["online", "work"] = "online"


class PmsEvent(Answer):
    """One line of the change feed."""

    object: str
    id: str
    revision: str
    tombstone: bool = False

    @field_validator("revision", mode="before")
    @classmethod
    def _text(cls, value: Any) -> str:
        return str(value)


class PmsChanges(Answer):
    """One page of the change feed."""

    events: tuple[PmsEvent, ...]
    next_cursor: str
    has_more: bool = False


class PmsSnapshot(Answer):
    """A window and the cursor that continues from it. Its records are read one by one."""

    appointments: tuple[Any, ...]
    blocks: tuple[Any, ...] = ()
    absences: tuple[Any, ...] = ()
    closures: tuple[Any, ...] = ()
    next_cursor: str


class PmsPage(Answer):
    """One page of any list. Its items are read one by one."""

    items: tuple[Any, ...]
    next_cursor: str | None = None
    has_more: bool = False


class PmsWindows(PmsPage):
    """The windows of a resource in a range. `planned`: the kinds it has plans for; None where the PMS does not say."""

    planned: tuple[Literal["online", "work"], ...] | None = None


class PmsNamed(Answer):
    """A site, a resource or an appointment type, as far as a check needs it."""

    id: str
    time_zone: str = ""
    location: str = ""


class PmsClient(Answer):
    """A client's record."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""


class PmsPatient(Answer):
    """An animal."""

    id: str
    name: str = ""
    species: str = ""


def read(shape: type[ModelT], data: Any, what: str) -> ModelT:
    """The data as `shape`; what does not fit is a broken contract, never an empty answer."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        why = misfit(error)
    # not chained: a ValidationError carries what it refused, and with it people's data
    raise NeedsHuman(
        f"the PMS's {what} is not of the generic PMS contract ({why}): check the url, or ask its maker for an update"
    )


def misfit(error: ValidationError) -> str:
    """Which fields are wrong and how, without their content."""
    faults = (f"{'.'.join(map(str, fault['loc'])) or 'all of it'}: {fault['type']}" for fault in error.errors())
    return "; ".join(sorted(set(faults))[:3])
