"""What one cycle did, for people and for `--json`. No personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from calbridge.hub import Effect, Task


@dataclass(slots=True, kw_only=True)
class Report:
    """`reads`: connection -> kind of feed. `writes`: connection -> outside writes. `failures`: connection -> sentence.

    `planned` are writes that were not made (a dry run, or a connection whose first run only plans); `offers`: such a
    connection -> days of a resource whose free times would be published. `renewed`: days of a resource whose free times
    were worked out anew. `told`: kind of message -> how many were sent (in a dry run: are due).
    """

    run: str
    clinic: str
    reads: dict[str, str] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    planned: list[dict[str, Any]] = field(default_factory=list)
    offers: dict[str, int] = field(default_factory=dict)
    renewed: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)

    def ask(self, tasks: Iterable[Task]) -> None:
        """Note tasks; one that comes up again in a later pass is the same task."""
        for task in tasks:
            self.tasks = [known for known in self.tasks if known.key != task.key] + [task]

    def wrote(self, connection: str, count: int = 1) -> None:
        """Count outside writes."""
        self.writes[connection] = self.writes.get(connection, 0) + count

    def plan(self, effect: Effect) -> None:
        """Note a write that would be made."""
        view = effect.change.view
        self.planned.append(
            {
                "connection": effect.connection,
                "appointment": effect.change.appointment,
                "action": _action(effect),
                "state": str(view.state),
                "resource": view.resource,
                "start": view.start,
            }
        )


def _action(effect: Effect) -> str:
    if effect.change.remove:
        return "remove"
    return "change" if effect.change.ref else "create"
