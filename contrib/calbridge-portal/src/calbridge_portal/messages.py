"""The portal is the client's notifier. A message is a row; its primary key makes it go out once."""

from calbridge_portal.store import Tx


def send_once(tx: Tx, booking: str, kind: str, revision: int, key: str = "") -> None:
    """Put one message in the outbox; the same again, by its key or for the same revision, is silent."""
    tx.run(
        "INSERT OR IGNORE INTO messages VALUES (:booking, :key, :kind, :revision, :now)",
        booking=booking,
        key=key or f"{kind}/{revision}",
        kind=kind,
        revision=revision,
        now=tx.now,
    )
