"""Names of the records that PMSs keep of clients: `connection/number`.

A clinic may have several PMSs, and each has a number 7 of its own (decision 0055). Inside the bridge a record goes by
this name; a provider is given and gives its own numbers. An animal goes by its number, beside the client it is of.
"""

from __future__ import annotations


def name_of(connection: str, number: str) -> str:
    """The record's name; "" stays nobody."""
    return f"{connection}/{number}" if number else ""


def keeper_of(name: str) -> str:
    """The connection that keeps the record; "" where the name says none. (No connection's name has a slash.)"""
    connection, slash, _ = name.partition("/")
    return connection if slash else ""


def number_of(name: str) -> str:
    """What the PMS itself calls the record, and people who look it up there."""
    return name.partition("/")[2] if keeper_of(name) else name


def elsewhere(name: str, connection: str) -> bool:
    """Is it a record of another connection than this one?"""
    return keeper_of(name) not in {"", connection}
