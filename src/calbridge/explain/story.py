"""Every decision of the journal as a sentence. A part in brackets is left out where one of its facts is not there.

A code without a sentence is shown as it is, so that nothing is hidden; a test sees to it that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from calbridge.explain.who import FIELDS, FOLLOWS
from calbridge.lifecycle import Event

STORY: Mapping[str, str] = {
    # from portals
    "held": "The client chose {start} with {resource}; the time was reserved for her.",
    "slot_refused": "The time could not be given to the client: {rule}.",
    "late_confirmation": "The client confirmed after her reservation had ended; it is judged as a new booking.",
    "move_refused": "The client's move was refused: {rule}.",
    "move_stands": "Somebody had come first, but its old time was over or taken too, so it stays; a person was told.",
    "recovered": "The bridge did not know this booking; it was taken over from the portal as {state}.",
    "recreated": "The PMS ended its entry and began another one for the same visit: it is still this booking.",
    "awaited": "The PMS deleted its entry; if the same visit is not entered anew by {until}, it is cancelled.",
    "attached": "The bridge did not know this booking; the entry with its stamp was taken over.",
    "alternatives": "The client was offered {count} other times.",
    # the life cycle
    Event.EXPIRE: "The reservation ended by itself.",
    Event.RELEASE: "The client gave the reservation back.",
    Event.SUBMIT_REQUEST: "The client sent it as a request; it waits for the clinic's word.",
    Event.SUBMIT_INSTANT: "The client sent it, and it was confirmed at once.",
    Event.ACCEPT: "The clinic accepted it[, through {by}].",
    Event.DECLINE: "It was declined[, through {by}][: {why}].",
    Event.CLIENT_CANCEL: "The client cancelled it.",
    Event.CLINIC_CANCEL: "It was cancelled by the clinic[, through {by}][: {why}].",
    Event.CLIENT_MOVE: "The client moved it.",
    Event.CLINIC_MOVE: "The clinic moved it[, through {by}].",
    Event.ARRIVE: "The patient arrived.",
    Event.LEAVE: "The visit is over.",
    Event.ABSENT: "Nobody came.",
    Event.UNDO_ARRIVAL: "The patient had been marked as arrived by mistake.",
    "refused": '"{event}" was refused and changed nothing: {why}[ (it was {state})].',
    "restored": "The entry was written again, because the patient is already here.",
    "edited": "Edited: {fields}.",
    "overruled": "An edit was not taken over and is written back[: {field}][: {fields}][ (against {by})].",
    "adopted": "The clinic made it in its own system; the bridge keeps it on all sides.",
    # moves of the clinic
    "moved_over": "It was moved into a time that is taken; it was applied, and a person was told.",
    "moved_outside_hours": "It was moved outside of the opening hours; it was applied, and a person was told.",
    "copied": "An entry of exactly its time there counts as the clinic's own copy of it.",
    "overbooked": "The time is taken there; it was written over it on purpose.",
    "late_change": "It was {what} by the clinic later than the client herself could have done it.",
    # whose it is
    "matched": "By the rule {rule}, record {client} is the client: it agrees in {agrees}[ and differs in {differs}]"
    "[; the animal is {patient}].",
    "proposed": "One record may be the client ({candidates}); a person must say so: {then}.",
    "ambiguous": "Several records may be the client ({candidates}): {then}.",
    "unmatched": "No record is the client: {then}[; it lacks {missing}].",
    "patient_open": "The client is known, the animal is not: not exactly one of hers has the name that was given.",
    "animal_found": "Animal {patient} of client {client} has the name that was given.",
    "details_corrected": "The client corrected what she gave of herself: {fields}.",
    "linked": "It was linked to client {client}[ and animal {patient}], through {by}.",
    "unlinked": "The link to client {client} was taken back, through {by}; the details are in its private note again.",
    "creating": "A new record was asked for, through {by}.",
    "client_created": "A new record was made for the client: {client}.",
    "account_linked": "Account {account} is of client {client}: exactly one record has its e-mail address.",
    "account_creating": "A new record was asked for, for whoever has account {account}.",
    "account_open": "Account {account} is linked to no client ({match})[; for a new one it lacks {missing}].",
    "account_gone": "Account {account} was closed; what it showed takes place all the same.",
    "shown": "Its client sees it in her account there.",
    "withdrawn": "Its client does not see it in her account any more; it takes place all the same.",
    "creation_refused": "The PMS made no new record; a person was told.",
    "not_admitted_late": "It had been confirmed before the client was known, and {rule}; a person was told.",
    # writes
    "written": "The clinic's record has it.",
    "write_written": "Written[ (revision {revision})].",
    "write_removed": "Taken away there.",
    "write_pending": "Accepted there and not written yet[ (revision {revision})].",
    "write_moved": "Not written: it had changed there meanwhile; it was read again.",
    "write_conflict": "Not written: the time is taken there.",
    "write_replanned": "Not written: the side had moved on; it was read again.",
    "write_given_up": "The write was given up, because it will never be accepted as it is; a person was told.",
    "write_failed": "Accepted there, and then not written after all[ ({why})].",
    "write_retried": "A person had it written once more.",
    "write_kept": "A person keeps it as it is here, although it could not be written there.",
    "write_taken_back": "A person took back what could not be written there.",
    # messages
    "message_sent": 'The message "{kind}" went to the {audience}, through {notifier}.',
    "message_refused": 'The message "{kind}" to the {audience} was refused by {notifier}; a person was told.',
    "message_unknown": 'It is not known whether the message "{kind}" to the {audience} arrived, through {notifier}.',
    "message_nobody": 'The message "{kind}" to the {audience} had nobody who could send it.',
    "message_missed": 'The message "{kind}" to the {audience} was not sent: it would have come too late.',
    # connections and people
    "guarded": "The read would have cancelled {cancellations} bookings, more than {limit}: nothing of it was applied.",
    "guard.released": "A person let through what the guard had stopped.",
    "connection.failed": "The connection failed[ ({recovery})].",
    "connection.recovered": "The connection answers again[, after {attempts} attempts].",
    "connection.approved": "A person let the bridge write to this connection.",
    "connection.changed": "It is another place than before: what was known of it was forgotten, nothing was deleted.",
    "connection.learned": "The connection can do something else than before; it is read anew.",
    "task.dismissed": "A person put a task away: {kind}.",
}
"""Reason code -> sentence."""

VALUES: Mapping[str, str] = {
    "command": "the command line",
    "pms": "the PMS",
    "rule": "the clinic's rule",
    "authority": "the clinic's settings",
    "unknown_booking": "there is no such booking",
    "not_possible": "it is not possible in this state",
    "not_linked": "it is not linked",
    "no_details": "nobody gave details",
    "too_late_to_cancel": "it is too late for the client to cancel",
    "too_late_to_move": "it is too late for the client to move it",
    "slot_unavailable": "the time belongs to somebody else",
    "late": "the client cancelled later than she may, and was told already that it is cancelled",
    "not_offered": "it is not offered online",
    "client_not_admitted": "the service is not for this client",
    "species_not_admitted": "the service is not for this species",
    "one_patient_per_booking": "the clinic takes one animal in a booking",
    "service_not_changeable": "which service it is for is the clinic's to say",
    "nothing_unwritten": "nothing of it waits for that any more",
    "too_soon": "it is too soon",
    "beyond_horizon": "it is too far ahead",
    "outside_hours": "it is outside of the bookable hours",
    "closed": "the clinic is closed",
    "absent": "somebody or something needed is away",
    "excluded": "the time is excluded",
    "off_grid": "it is not on the grid",
    "busy": "the time is taken",
    "decided_there": "staff let it in, or received it, where it was before",
    "day_full": "the day has enough of this service",
    "hour_full": "the hour has enough offers",
    "kept_back": "the time is kept for the phone",
    "source_stale": "a source was not read for too long",
    "hold_expired": "the reservation had ended",
    **FOLLOWS,
}
"""A fact that is a code, in words."""

_PART = re.compile(r"\[([^\]]*)\]")
_FACT = re.compile(r"\{(\w+)\}")


def told(code: str, facts: Mapping[str, str]) -> str:
    """The sentence of one journal line."""
    template = STORY.get("write_removed" if facts.get("removed") == "true" and code == "write_written" else code)
    if template is None:
        return " ".join([code, *(f"{name}={value}" for name, value in facts.items())])
    kept = _PART.sub(lambda part: part[1] if _there(part[1], facts) else "", template)
    return _FACT.sub(lambda fact: _worded(fact[1], facts), kept)


def _there(part: str, facts: Mapping[str, str]) -> bool:
    return all(name in facts for name in _FACT.findall(part))


def _worded(name: str, facts: Mapping[str, str]) -> str:
    value = facts.get(name, "?")
    if name in {"agrees", "differs", "missing", "fields", "candidates"}:
        return re.sub(r"\w+", lambda word: FIELDS.get(word[0], word[0]), value).replace(",", ", ").replace(",  ", ", ")
    return VALUES.get(value, value.replace("_", " ") if name in {"event", "state", "kind"} else value)
