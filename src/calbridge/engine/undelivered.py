"""What a person must do about a message that did not arrive: which booking, which message, why, and the way out.

One open task a booking: the next message that arrives settles it. No address and no name: the booking's id leads there.
"""

from __future__ import annotations

from calbridge.errors import BridgeError
from calbridge.hub import Task
from calbridge.messages import Kind, MessageDue
from calbridge.store import MessageRow

PRESSING = frozenset({Kind.DECLINED, Kind.MOVED, Kind.MOVE_REFUSED, Kind.CANCELLED, Kind.PLEASE_PHONE, Kind.INVITATION})
"""Without these a client comes in vain, or waits; the others only say what her portal shows her anyway."""


def notifier_task(clinic: str, name: str, error: BridgeError) -> Task:
    """A notifier that cannot go on without a person."""
    sentence = f"Clinic {clinic}, notifier {name}: {error.hint}; its messages wait."
    return Task(key=f"notifier:{name}", kind="notifier", sentence=sentence)


def refused_task(clinic: str, name: str, message: MessageDue, why: str) -> Task:
    """It will never be taken as it is."""
    return _task(message, f"Clinic {clinic}, notifier {name}: {_what(message)} was refused: {why}. {_instead(message)}")


def unknown_tasks(clinic: str, row: MessageRow) -> tuple[Task, ...]:
    """It was handed over, nobody knows whether it arrived, and it is never sent twice. A reminder is worth no call."""
    message = row.message
    if message.kind is Kind.REMINDER:
        return ()
    sentence = (
        f"Clinic {clinic}, notifier {row.notifier}: it is not known whether {_what(message)} arrived, because the "
        f"connection ended before the answer. {_instead(message)} Or send it once more with "
        f"`calbridge messages send-again {row.id}`."
    )
    return (_task(message, sentence),)


def unreachable_tasks(clinic: str, message: MessageDue) -> tuple[Task, ...]:
    """Nobody could send it: the client gave no address that a notifier reaches."""
    if message.kind not in PRESSING or message.audience != "client":
        return ()
    return (_task(message, f"Clinic {clinic}: {_what(message)} has no address to go to. {_instead(message)}"),)


def _task(message: MessageDue, sentence: str) -> Task:
    key = f"message:{message.appointment or message.key}"
    return Task(key=key, kind="message", sentence=sentence, appointment=message.appointment)


def _what(message: MessageDue) -> str:
    if message.kind is Kind.INVITATION:
        return f"the invitation for client {message.client}"
    return f'the message "{message.kind}" of booking {message.appointment} to the {message.audience}'


def _instead(message: MessageDue) -> str:
    if message.audience == "clinic":
        return "Look at the booking, and correct the address of the clinic."
    return "Correct the address in her record, or phone her."
