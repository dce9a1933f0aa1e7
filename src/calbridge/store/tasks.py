"""Tasks: one row per key. A dismissed task stays away until its sentence changes or its cause went and came back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, insert, select, update

from calbridge.hub import Task
from calbridge.store.records import TaskRow
from calbridge.store.tables import tasks

_unsettled = tasks.c.state != "settled"


def settle(connection: Connection, clinic: str, keys: Iterable[str], *, now: int) -> None:
    """The cause is gone, whether somebody had dismissed the task or not."""
    gone = set(keys)  # thousands after a full read, while a clinic has few tasks
    if not gone:
        return
    known = connection.execute(select(tasks.c.id, tasks.c.key).where(tasks.c.clinic == clinic, _unsettled))
    for row in known.all():
        if row.key in gone:
            connection.execute(update(tasks).where(tasks.c.id == row.id).values(state="settled", changed=now))


def unsettled(connection: Connection, clinic: str, key: str) -> bool:
    """Its cause stands, as far as is known."""
    return connection.execute(_UNSETTLED, {"clinic": clinic, "key": key}).first() is not None


_UNSETTLED = select(tasks.c.id).where(
    tasks.c.clinic == bindparam("clinic"), tasks.c.key == bindparam("key"), tasks.c.state != "settled"
)


def standing(connection: Connection, clinic: str, kind: str) -> set[str]:
    """The keys of all tasks of a kind that are not settled."""
    query = select(tasks.c.key).where(tasks.c.clinic == clinic, tasks.c.kind == kind, _unsettled)
    return set(connection.scalars(query))


def settle_all_of(connection: Connection, clinic: str, name: str, *, now: int) -> bool:
    """A connection is gone, and with it whatever a person should have done about it; False when that was nothing."""
    ours = (tasks.c.clinic == clinic, tasks.c.connection == name, tasks.c.state != "settled")
    return connection.execute(update(tasks).where(*ours).values(state="settled", changed=now)).rowcount > 0


def raise_all(connection: Connection, clinic: str, raised: Iterable[Task], *, now: int) -> None:
    """Open what is new; leave alone what is open or dismissed with the same sentence."""
    for task in raised:
        _raise(connection, clinic, task, now)


def _raise(connection: Connection, clinic: str, task: Task, now: int) -> None:
    words = {
        "kind": task.kind,
        "sentence": task.sentence,
        "appointment": task.appointment,
        "connection": task.connection,
    }
    known = connection.execute(
        select(tasks.c.id, tasks.c.state, tasks.c.sentence).where(tasks.c.clinic == clinic, tasks.c.key == task.key)
    ).first()
    if known is None:
        fresh = {"clinic": clinic, "key": task.key, "state": "open", "opened": now, "changed": now}
        connection.execute(insert(tasks).values(fresh | words))
    elif known.state == "settled" or known.sentence != task.sentence:
        opened = {} if known.state == "open" else {"opened": now}
        connection.execute(
            update(tasks).where(tasks.c.id == known.id).values(words | opened | {"state": "open", "changed": now})
        )


def dismiss(connection: Connection, clinic: str, task_id: int, *, now: int) -> TaskRow | None:
    """Put an open task away; None when there is no such open task."""
    ours = (tasks.c.clinic == clinic, tasks.c.id == task_id, tasks.c.state == "open")
    row = connection.execute(select(tasks).where(*ours)).first()
    if row is None:
        return None
    connection.execute(update(tasks).where(tasks.c.id == task_id).values(state="dismissed", changed=now))
    return _row(row)


def listed(connection: Connection, clinic: str, *, open_only: bool) -> list[TaskRow]:
    """In the order they first came up."""
    query = select(tasks).where(tasks.c.clinic == clinic).order_by(tasks.c.id)
    if open_only:
        query = query.where(tasks.c.state == "open")
    return [_row(row) for row in connection.execute(query)]


def _row(row: object) -> TaskRow:
    names = TaskRow.__dataclass_fields__
    return TaskRow(**{name: getattr(row, name) for name in names})
