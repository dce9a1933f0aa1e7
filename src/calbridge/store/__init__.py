"""The store: state, outbox, journal and tasks in one database that survives a crash at any point."""

from calbridge.store.errors import Fenced, Overlap, Superseded
from calbridge.store.feeds import FeedRow
from calbridge.store.records import ConnectionState, JournalRow, OutboxRow, TaskRow
from calbridge.store.store import Store

__all__ = [
    "ConnectionState",
    "FeedRow",
    "Fenced",
    "JournalRow",
    "OutboxRow",
    "Overlap",
    "Store",
    "Superseded",
    "TaskRow",
]
