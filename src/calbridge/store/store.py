"""The store: everything the bridge remembers, in one database, each method one transaction.

A method that takes an `epoch` belongs to a cycle and is refused once a newer cycle has begun. Nothing here is held
across a call to the outside. Safe for threads; several processes may have the file open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from calbridge.clock import SystemClock
from calbridge.errors import ConfigError
from calbridge.hub import Command, Effect, Foreign, HubState, JournalEntry, Letters, Link, Plan, Shadow, Task
from calbridge.messages import Kind, MessageDue
from calbridge.model import Appointment, Consent, State
from calbridge.provider import Clock
from calbridge.store import (
    commands,
    consents,
    feeds,
    fence,
    foreignrows,
    hubrows,
    journal,
    links,
    messages,
    outbox,
    portals,
    tasks,
)
from calbridge.store.database import Database
from calbridge.store.feeds import FeedRow
from calbridge.store.records import ConnectionState, JournalRow, MessageRow, MessageState, OutboxRow, TaskRow


class Store:
    """See the module. `clock` dates only what has no `now` of its own: what people do, and resets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._foreign = foreignrows.Kept()

    @classmethod
    def open(cls, location: str | Path, *, clock: Clock | None = None) -> Store:
        """Open a file (made when new) or ":memory:", migrated; `ConfigError` says why it cannot be."""
        return cls(Database.open(location), clock or SystemClock())

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    @contextmanager
    def _cycle(self, clinic: str, epoch: int) -> Iterator[Connection]:
        with self._database.write() as connection:
            fence.check(connection, clinic, epoch)
            yield connection

    # --- cycle ------------------------------------------------------------------------------------

    def begin_cycle(self, clinic: str) -> int:
        """A new fencing epoch; every write with an older one raises `Fenced` from now on."""
        with self._database.write() as connection:
            return fence.begin(connection, clinic)

    def load(
        self, clinic: str, links_: Iterable[Link], *, since: int, also: Collection[str] = (), dry: bool = False
    ) -> HubState:
        """What `reconcile` needs of the past. `dry` (a rehearsal) leaves no trace in the database.

        What ended before `since` is left out, but for the ids in `also`.

        `links_` are as configured; cursor, approval and dates are filled in. A link whose fingerprint changed starts
        anew: cursor, shadows, foreign rows, pending writes and published days of it are gone, appointments stay.
        """
        configured = tuple(links_)
        with self._database.read() as connection:
            if not links.unsettled(links.stored(connection, clinic), configured):
                foreign = self._foreign.load(connection, clinic)
                return _state(connection, clinic, configured, since, also, foreign)
        if dry:
            with self._database.rehearse() as connection:
                links.settle(connection, clinic, configured, now=self._clock.now())
                return _state(connection, clinic, configured, since, also, foreignrows.load(connection, clinic))
        with self._database.write() as connection:
            links.settle(connection, clinic, configured, now=self._clock.now())
        with self._database.read() as connection:
            return _state(connection, clinic, configured, since, also, self._foreign.load(connection, clinic))

    def commit(self, clinic: str, epoch: int, plan: Plan, *, now: int, run: str) -> None:
        """All of the plan or nothing of it. `Overlap` when a claim is impossible.

        Its effects are all that is due: they become intents, and an intent that is not among them is taken out.
        """
        with self._cycle(clinic, epoch) as connection:
            hubrows.save_appointments(connection, clinic, plan.appointments)
            consents.keep(connection, clinic, plan.agreements)
            consents.follow(connection, clinic, plan.appointments)
            consents.follow_accounts(connection, clinic, plan.foreign)
            hubrows.forget_shadows(connection, clinic, plan.forgotten)
            hubrows.save_shadows(connection, clinic, plan.shadows)
            version = foreignrows.save(connection, clinic, plan.foreign, plan.foreign_gone)
            links.advance(connection, clinic, plan.reads)
            links.follow_people(connection, clinic, plan.people, plan.full_due)
            commands.consume(connection, clinic, plan.commands)
            outbox.renew(connection, clinic, plan.effects, now=now, run=run)
            _tell(connection, clinic, plan.letters, now=now, run=run)
            _explain(connection, clinic, plan.journal, raised=plan.tasks, settled=plan.settled, now=now, run=run)
        self._foreign.follow(clinic, version, plan.foreign, plan.foreign_gone)

    # --- outbox -----------------------------------------------------------------------------------

    def outbox(self, clinic: str, *, now: int) -> list[OutboxRow]:
        """Due rows: `sent` first, then in the order decided; nothing that waits behind a sent one."""
        with self._database.read() as connection:
            return outbox.due(connection, clinic, now=now)

    def waiting(self, clinic: str) -> list[OutboxRow]:
        """Every row of the outbox, also what is not due."""
        with self._database.read() as connection:
            return outbox.waiting(connection, clinic)

    def mark_sent(self, clinic: str, epoch: int, row: OutboxRow, *, now: int) -> None:
        """Just before the provider is called. `Superseded` when a newer intent took its place."""
        with self._cycle(clinic, epoch) as connection:
            outbox.mark_sent(connection, clinic, row, now=now)

    def confirm(
        self,
        clinic: str,
        epoch: int,
        row: OutboxRow,
        *,
        shadow: Shadow | None,
        appointment: Appointment | None,
        journal: Iterable[JournalEntry],
        tasks: Iterable[Task] = (),
        settled: Iterable[str] = (),
        now: int,
        run: str,
    ) -> None:
        """It is written: the row goes, the shadow is what the side shows now (None: nothing any more)."""
        with self._cycle(clinic, epoch) as connection:
            outbox.remove(connection, clinic, row)
            hubrows.save_appointments(connection, clinic, () if appointment is None else (appointment,))
            if shadow is None:
                hubrows.forget_shadows(connection, clinic, [(row.connection, row.effect.change.appointment)])
            else:
                hubrows.save_shadows(connection, clinic, [shadow])
            _explain(connection, clinic, journal, raised=tasks, settled=settled, now=now, run=run)

    def drop(
        self,
        clinic: str,
        epoch: int,
        row: OutboxRow,
        *,
        journal: Iterable[JournalEntry],
        tasks: Iterable[Task] = (),
        now: int,
        run: str,
    ) -> None:
        """Give the write up; the journal says why."""
        with self._cycle(clinic, epoch) as connection:
            outbox.remove(connection, clinic, row)
            _explain(connection, clinic, journal, raised=tasks, now=now, run=run)

    def defer(self, clinic: str, epoch: int, row: OutboxRow, *, until: int, why: str) -> None:
        """Keep the write and try again at `until`; one more attempt is counted."""
        with self._cycle(clinic, epoch) as connection:
            outbox.defer(connection, clinic, row, until=until, why=why)

    def enqueue(self, clinic: str, epoch: int, effects: Iterable[Effect], *, now: int, run: str) -> None:
        """Further intents, after a confirmation changed what others should show."""
        with self._cycle(clinic, epoch) as connection:
            outbox.add(connection, clinic, effects, now=now, run=run)

    # --- messages ---------------------------------------------------------------------------------

    def tell(self, clinic: str, epoch: int, letters: Letters, *, now: int, run: str) -> None:
        """What clients must be told now, after the writes of a cycle have changed what is so."""
        with self._cycle(clinic, epoch) as connection:
            _tell(connection, clinic, letters, now=now, run=run)

    def messages_due(self, clinic: str, *, now: int, patient: bool = True) -> list[MessageRow]:
        """What may be sent now, in the order decided. Not `patient`: also what waits for its next attempt."""
        with self._database.read() as connection:
            return messages.due(connection, clinic, now=now, patient=patient)

    def unanswered_messages(self, clinic: str) -> list[MessageRow]:
        """Handed over, and whoever did so did not live to hear the answer."""
        with self._database.read() as connection:
            return messages.unanswered(connection, clinic)

    def hand_over(self, clinic: str, epoch: int, row: MessageRow, notifier: str, *, now: int) -> None:
        """Just before the step that cannot be taken back. `Superseded` when the message is not due any more."""
        with self._cycle(clinic, epoch) as connection:
            messages.hand_over(connection, clinic, row, notifier, now=now)

    def message_answered(
        self,
        clinic: str,
        epoch: int,
        row: MessageRow,
        state: MessageState,
        *,
        notifier: str,
        why: str = "",
        tasks: Iterable[Task] = (),
        settled: Iterable[str] = (),
        now: int,
        run: str,
    ) -> None:
        """What became of a message, with its line in the journal."""
        line = JournalEntry(
            code=f"message_{state}",
            appointment=row.message.appointment,
            facts={"kind": row.message.kind, "audience": row.message.audience, "notifier": notifier},
        )
        with self._cycle(clinic, epoch) as connection:
            messages.answer(connection, clinic, row, state, why=why, notifier=notifier, now=now)
            _explain(connection, clinic, [line], raised=tasks, settled=settled, now=now, run=run)

    def postpone_messages(
        self, clinic: str, epoch: int, rows: Iterable[MessageRow], *, until: int, why: str, tasks: Iterable[Task] = ()
    ) -> None:
        """They were surely not sent and are due again at `until`; one more attempt of each is counted."""
        with self._cycle(clinic, epoch) as connection:
            messages.postpone(connection, clinic, rows, until=until, why=why)
            _explain(connection, clinic, (), raised=tasks, now=self._clock.now(), run="")

    def messages(self, clinic: str, *, appointment: str | None = None, limit: int = 100) -> list[MessageRow]:
        """The last `limit` that fit, oldest first, also what is still due."""
        with self._database.read() as connection:
            return messages.listed(connection, clinic, appointment=appointment, limit=limit)

    def had_confirmed(self, clinic: str, appointment: str, *, notifier: str) -> bool:
        """Has this notifier told its client, or may it have told her, that the appointment is confirmed?"""
        with self._database.read() as connection:
            return messages.had_confirmed(connection, clinic, appointment, notifier=notifier)

    def next_message(self, clinic: str, *, after: int) -> int | None:
        """The next instant after `after` at which one may go."""
        with self._database.read() as connection:
            return messages.next_at(connection, clinic, after=after)

    def next_awaited(self, clinic: str, *, after: int) -> int | None:
        """The next instant after `after` at which a deleted entry is waited for no longer."""
        with self._database.read() as connection:
            return hubrows.next_awaited(connection, clinic, after=after)

    def invite(self, clinic: str, client: str) -> None:
        """Queue an invitation for a client's record."""
        now = self._clock.now()
        wanted = MessageDue(key=f"{Kind.INVITATION}/{client}/{now}", kind=Kind.INVITATION, client=client, at=now)
        with self._database.write() as connection:
            messages.note(connection, clinic, [wanted], now=now, run="")

    def send_again(self, clinic: str, message_id: int) -> None:
        """A person wants a message that left once more; not where something else is true of the booking by now."""
        with self._database.write() as connection:
            later = messages.overtaken(connection, clinic, message_id)
            if later is not None:
                raise ConfigError(
                    f"message {message_id} of clinic {clinic} is not true any more: message {later} came after it; "
                    f"look at it with 'calbridge messages list', and send that one again"
                )
            if not messages.again(connection, clinic, message_id, now=self._clock.now()):
                raise ConfigError(
                    f"clinic {clinic} has no message {message_id} that was sent; 'calbridge messages list' shows them"
                )

    # --- connections ------------------------------------------------------------------------------

    def connection_failed(
        self, clinic: str, name: str, *, now: int, until: int | None, why: str, recovery: str
    ) -> None:
        """It failed; `until` is when to try again (None: not before a person acts)."""
        with self._database.write() as connection:
            links.failed(connection, clinic, name, now=now, until=until, why=why, recovery=recovery)

    def connection_ok(self, clinic: str, name: str, *, now: int) -> None:
        """It answered; the failure is over, and so is its task. Where there was none, nothing is written."""
        with self._database.read() as connection:
            if links.well(connection, clinic, name) and not tasks.unsettled(connection, clinic, f"connection:{name}"):
                return
        with self._database.write() as connection:
            links.ok(connection, clinic, name, now=now)
            tasks.settle(connection, clinic, [f"connection:{name}"], now=now)

    def connections(self, clinic: str) -> list[ConnectionState]:
        """By name."""
        with self._database.read() as connection:
            return [links.state(row) for row in links.stored(connection, clinic).values()]

    def learn(self, clinic: str, name: str, quirks: Mapping[str, str]) -> None:
        """Remember what trying its server out showed, in place of what was known."""
        with self._database.write() as connection:
            links.learn(connection, clinic, name, quirks, now=self._clock.now())

    def quirks(self, clinic: str, name: str) -> Mapping[str, str]:
        """What `learn` remembered last; nothing of a connection that was never tried."""
        with self._database.read() as connection:
            row = links.stored(connection, clinic).get(name)
        return row.quirks if row is not None else {}

    def approve(self, clinic: str, name: str) -> None:
        """Plans for it may be applied from now on. Saying so again changes nothing."""
        with self._database.write() as connection:
            links.approve(connection, clinic, name, now=self._clock.now())

    def release(self, clinic: str, name: str) -> None:
        """The next cycle may pass the guard on mass cancellation, once."""
        with self._database.write() as connection:
            _known(links.release(connection, clinic, name, now=self._clock.now()), clinic, name)

    def retire(self, clinic: str, name: str) -> None:
        """Forget a connection that was taken out of the configuration: else its busy time blocks for ever."""
        with self._database.write() as connection:
            _known(links.retire(connection, clinic, name, now=self._clock.now()), clinic, name)
            tasks.settle(connection, clinic, [f"connection:{name}", f"guard:{name}"], now=self._clock.now())

    # --- people -----------------------------------------------------------------------------------

    def add_command(self, clinic: str, command: Command) -> int:
        """Ask for something; the next cycle decides on it. The id is the store's own."""
        with self._database.write() as connection:
            return commands.add(connection, clinic, command)

    def tasks(self, clinic: str, *, open_only: bool = True) -> list[TaskRow]:
        """In the order they first came up."""
        with self._database.read() as connection:
            return tasks.listed(connection, clinic, open_only=open_only)

    def open_task(self, clinic: str, task: Task, *, now: int) -> None:
        """Ask a person, outside of any plan."""
        with self._database.write() as connection:
            tasks.raise_all(connection, clinic, [task], now=now)

    def settle_tasks(self, clinic: str, kind: str, *, but: Collection[str], now: int) -> None:
        """The causes of this kind are gone, but for these keys. Where there is no such task, nothing is written."""
        with self._database.read() as connection:
            gone = tasks.standing(connection, clinic, kind) - set(but)
        if gone:
            with self._database.write() as connection:
                tasks.settle(connection, clinic, gone, now=now)

    def dismiss(self, clinic: str, task_id: int) -> None:
        """Put a task away until it has something new to say."""
        now = self._clock.now()
        with self._database.write() as connection:
            task = tasks.dismiss(connection, clinic, task_id, now=now)
            if task is None:
                raise ConfigError(f"clinic {clinic} has no open task {task_id}; 'calbridge tasks list' shows them")
            facts = {"task": task.key, "kind": task.kind}
            entry = JournalEntry(
                code="task.dismissed", appointment=task.appointment, connection=task.connection, facts=facts
            )
            journal.add(connection, clinic, [entry], at=now)

    def journal(
        self, clinic: str, *, appointment: str | None = None, limit: int = 100, run: str | None = None
    ) -> list[JournalRow]:
        """The last `limit` decisions that fit, newest last."""
        with self._database.read() as connection:
            return journal.latest(connection, clinic, appointment=appointment, run=run, limit=limit)

    def appointments(
        self,
        clinic: str,
        *,
        states: Collection[State] | None = None,
        frm: int | None = None,
        to: int | None = None,
    ) -> list[Appointment]:
        """Those in any of `states` that touch `[frm, to)`, by start."""
        with self._database.read() as connection:
            return hubrows.listed(connection, clinic, states=states, frm=frm, to=to)

    def appointment(self, clinic: str, key: str) -> Appointment | None:
        """One, whatever its state."""
        with self._database.read() as connection:
            return hubrows.one(connection, clinic, key)

    def known(self, clinic: str, keys: Iterable[str]) -> frozenset[str]:
        """Those of these ids that some appointment has, however long ago it ended."""
        with self._database.read() as connection:
            return frozenset(key for key in keys if hubrows.one(connection, clinic, key) is not None)

    def shadows(self, clinic: str, appointment: str) -> list[Shadow]:
        """What each side last showed of one appointment, by connection."""
        with self._database.read() as connection:
            return hubrows.shadows_of(connection, clinic, appointment)

    def consent(self, clinic: str, appointment: str) -> Consent | None:
        """The privacy notice that was agreed to with a booking, and when."""
        with self._database.read() as connection:
            return consents.of(connection, clinic, appointment)

    # --- availability published, webhooks -----------------------------------------------------------

    def published(self, clinic: str, connection: str) -> dict[tuple[str, str], str]:
        """Digest by (resource, local date) of what the portal was last given."""
        with self._database.read() as database:
            return portals.published(database, clinic, connection)

    def next_revision(self, clinic: str) -> int:
        """A source revision that was never given out before."""
        with self._database.write() as database:
            return fence.next_revision(database, clinic, now=self._clock.now())

    def publish(
        self,
        clinic: str,
        epoch: int,
        connection: str,
        digests: Mapping[tuple[str, str], str],
        *,
        revision: int,
    ) -> None:
        """The portal took these days at `revision`; an empty digest forgets a day."""
        with self._cycle(clinic, epoch) as database:
            portals.publish(database, clinic, connection, digests, revision=revision)

    def seen_before(self, clinic: str, connection: str, hint_id: str, *, now: int) -> bool:
        """True for a webhook delivered before, within 14 days."""
        with self._database.write() as database:
            return portals.seen_before(database, clinic, connection, hint_id, now=now)

    # --- published free/busy ----------------------------------------------------------------------

    def publish_feed(self, clinic: str, resource: str, digest: str, *, now: int) -> None:
        """Publish a resource under the address that the digest is of; an earlier one shows nothing any more."""
        with self._database.write() as database:
            feeds.publish(database, clinic, resource, digest, now=now)

    def withdraw_feed(self, clinic: str, resource: str) -> bool:
        """Publish it no more; False where it was not."""
        with self._database.write() as database:
            return feeds.withdraw(database, clinic, resource)

    def feeds(self, clinic: str) -> list[FeedRow]:
        """What a clinic publishes."""
        with self._database.read() as database:
            return feeds.listed(database, clinic)

    def feed_under(self, digest: str) -> FeedRow | None:
        """What is published under the address that the digest is of."""
        with self._database.read() as database:
            return feeds.under(database, digest)


def _state(
    connection: Connection,
    clinic: str,
    configured: tuple[Link, ...],
    since: int,
    also: Collection[str],
    foreign: Mapping[tuple[str, str], Foreign],
) -> HubState:
    known = links.stored(connection, clinic)
    return HubState(
        appointments=hubrows.load_appointments(connection, clinic, since=since, also=also),
        shadows=hubrows.load_shadows(connection, clinic, since=since, also=also),
        foreign=foreign,
        links={link.name: links.filled(link, known.get(link.name)) for link in configured},
        commands=commands.pending(connection, clinic),
        unresolved=outbox.unresolved(connection, clinic),
        told=messages.told(connection, clinic, since=since, also=also),
    )


def _tell(connection: Connection, clinic: str, letters: Letters, *, now: int, run: str) -> None:
    messages.renew(connection, clinic, letters.due, now=now, run=run)
    messages.note(connection, clinic, letters.notices, now=now, run=run)
    messages.settle(connection, clinic, letters.silent, now=now, run=run)


def _explain(
    connection: Connection,
    clinic: str,
    entries: Iterable[JournalEntry],
    *,
    raised: Iterable[Task],
    settled: Iterable[str] = (),
    now: int,
    run: str,
) -> None:
    tasks.settle(connection, clinic, settled, now=now)
    tasks.raise_all(connection, clinic, raised, now=now)
    journal.add(connection, clinic, entries, at=now, run=run)


def _known(found: bool, clinic: str, name: str) -> None:
    if not found:
        raise ConfigError(f"clinic {clinic} has never met a connection '{name}'; run 'calbridge sync' first")
