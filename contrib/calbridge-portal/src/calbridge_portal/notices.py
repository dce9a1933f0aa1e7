"""The clinic's privacy notice: every text that was ever in force is kept, so what a client agreed to can be proved.

A text is named by its SHA-256, so a name stands for the same words for ever.
"""

import hashlib

from calbridge_portal.problems import Problem, not_found
from calbridge_portal.site_records import Notice
from calbridge_portal.store import Tx


def version_of(text: str) -> str:
    """The name of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def put_in_force(tx: Tx, text: str | None) -> None:
    """From now on this is shown; the one before stays, for those who agreed to it. None: nothing is shown."""
    version = version_of(text) if text else None
    tx.run(
        "UPDATE notices SET until = :now WHERE until IS NULL AND version IS NOT :version", now=tx.now, version=version
    )
    if text:
        tx.run(
            "INSERT INTO notices VALUES (:version, :text, NULL) ON CONFLICT (version) DO UPDATE SET until = NULL",
            version=version,
            text=text,
        )


def in_force(tx: Tx) -> Notice | None:
    """What a client is shown now."""
    row = tx.one("SELECT * FROM notices WHERE until IS NULL")
    return None if row is None else Notice(version=row["version"], text=row["text"])


def notice(tx: Tx, version: str) -> Notice:
    """One text, in force or not, or 404."""
    row = tx.one("SELECT * FROM notices WHERE version = :version", version=version)
    if row is None:
        raise not_found("privacy notice", version)
    return Notice(version=version, text=row["text"])


def check_seen(tx: Tx, version: str, since: int) -> None:
    """A client can agree to what has been in force at some time since she began to book; what she read then counts."""
    row = tx.one(
        "SELECT 1 FROM notices WHERE version = :version AND (until IS NULL OR until >= :since)",
        version=version,
        since=since,
    )
    if row is None:
        present = in_force(tx)
        raise Problem(
            "notice_changed",
            "This is not the privacy notice of the practice; show the present one, and ask again.",
            conflict={"version": present.version if present else None},
        )
