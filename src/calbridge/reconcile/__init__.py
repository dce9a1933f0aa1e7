"""The heart: (state, what each side shows, rules, now) -> Plan. Pure, and total over what each side may show.

Theory of operation. The hub holds one canonical appointment; each connection has a shadow of it: what that side last
showed, and what it was last asked to show. A sighting that differs from its own shadow is somebody's edit (a *wish*).
Clinic wishes are settled first, then the clients', then time itself (holds that end) and people's commands. What every
side should show is projected from the result, and where that differs from its shadow an effect is due. Because effects
follow from state, a crash anywhere leads back to the same effects.
"""

from calbridge.reconcile.accounts import waiting_accounts
from calbridge.reconcile.alternatives import instead
from calbridge.reconcile.asking import moved_to
from calbridge.reconcile.compare import fingerprint, pending
from calbridge.reconcile.effects import effects
from calbridge.reconcile.facts import facts
from calbridge.reconcile.linking import waits
from calbridge.reconcile.origins import origins
from calbridge.reconcile.outcome import Outcome, given_up, outcome
from calbridge.reconcile.places import has_place, keeps_record
from calbridge.reconcile.questions import more_to_ask, questions
from calbridge.reconcile.run import reconcile
from calbridge.reconcile.standing import Standing, standing
from calbridge.reconcile.telling import telling
from calbridge.reconcile.turns import EVERY

__all__ = [
    "EVERY",
    "Outcome",
    "Standing",
    "effects",
    "facts",
    "fingerprint",
    "given_up",
    "has_place",
    "instead",
    "keeps_record",
    "more_to_ask",
    "moved_to",
    "origins",
    "outcome",
    "pending",
    "questions",
    "reconcile",
    "standing",
    "telling",
    "waiting_accounts",
    "waits",
]
