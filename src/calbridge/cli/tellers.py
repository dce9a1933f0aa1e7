"""Who writes to the clients of a portal, as the bridge takes it to be, for `calbridge check`.

Nobody can ask a portal what it tells its clients: its plugin says so, or a setting of the clinic's. So it is shown, for
a person to compare with what clients really get; a plugin whose setting decides it names that setting beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from calbridge.cli.answer import FindingLine
from calbridge.messages import Kind

if TYPE_CHECKING:
    from calbridge.host import ClinicHost
    from calbridge.model import Clinic, Rules
    from calbridge.notify import Notifiers


def tellers(clinic: Clinic, host: ClinicHost, name: str, notifiers: Notifiers) -> Iterator[FindingLine]:
    """One line for each that tells the clients of the portal `name` anything, and one for what nobody tells them."""
    told: defaultdict[str, list[Kind]] = defaultdict(list)
    for kind in _concerned(clinic.rules):
        told[_teller(kind, host, name, notifiers)].append(kind)
    nobody = told.pop("", [])
    yield from (FindingLine(level="ok", message=f"{who}: {_listed(kinds)}", field="") for who, kinds in told.items())
    if nobody:
        message = f"nobody tells its clients: {_listed(nobody)}; connect a notifier, such as one that sends e-mail"
        yield FindingLine(level="warning", message=message, field="")


def _teller(kind: Kind, host: ClinicHost, name: str, notifiers: Notifiers) -> str:
    """As it is decided when a message is due: the portal by itself, the portal when asked, the first that can."""
    portal = host.connections[name].capabilities
    if kind in portal.tells:
        return "the portal itself is taken to tell its clients, and no notifier repeats it"
    if kind in portal.notifies and host.can(name, "notify"):
        return "the portal tells its clients when the bridge asks it to"
    able = next(iter(notifiers.able(kind, "client")), "")
    return f"notifier {able} tells its clients" if able else ""


def _concerned(rules: Rules) -> list[Kind]:
    """What may be told of a booking at all, by the clinic's rules; an invitation belongs to none."""
    never = {Kind.INVITATION}
    if not rules.reminders:
        never.add(Kind.REMINDER)
    if rules.client_cancel_cutoff is None and rules.client_move_cutoff is None:
        never.add(Kind.PLEASE_PHONE)
    return [kind for kind in Kind if kind not in never]


def _listed(kinds: Iterable[Kind]) -> str:
    return ", ".join(kind.replace("_", " ") for kind in kinds)
