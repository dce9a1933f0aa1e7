"""The fifteen rules a second time, written from the catalogue's text alone: slow, plain, minute by minute.

Of the code under test it knows the records that say what a clinic is. Nothing is merged, sorted, searched or shifted
here; an interval is asked whether it touches another, and a minute what the wall shows.
"""

from datetime import timedelta
from itertools import product

from oracle.wallclock import minutes_of, wall, window

CODES = (
    "not_offered",
    "client_not_admitted",
    "species_not_admitted",
    "too_soon",
    "beyond_horizon",
    "outside_hours",
    "closed",
    "absent",
    "excluded",
    "off_grid",
    "busy",
    "day_full",
    "hour_full",
    "kept_back",
    "source_stale",
)


class Catalogue:
    """What the rules say of one service of one clinic, for one who asks, near some dates."""

    def __init__(self, clinic, facts, asked, first, service="visit"):
        self.clinic, self.facts, self.rules = clinic, facts, clinic.rules
        self.service, self.tz = clinic.services[service], clinic.time_zone
        self.client, self.scope, self.species = asked["client"], asked["scope"], asked["species"]
        self.today = self.date(facts.now)
        self.days = [first + timedelta(days=n) for n in range(5)]
        self.near = [first - timedelta(days=1), *self.days]  # an hour before the first slot may be the day before
        self.found = {}

    # --- plain questions ---

    def date(self, t):
        return wall(self.tz, t).date()

    def minute(self, t):
        here = wall(self.tz, t)
        return here.hour * 60 + here.minute

    def visit(self, start):
        return start, start + self.service.minutes * 60

    def footprint(self, start):
        start, end = self.visit(start)
        return start - self.service.buffer_before * 60, end + self.service.buffer_after * 60

    def windows(self, of_day):
        """The instants of the windows that each day has."""
        spans = [window(self.tz, day, w.start, w.end) for day in self.near for w in of_day(day)]
        return [span for span in spans if span]

    def dates(self, first, last):
        """The instants of the dates from the first to the last; None is no bound."""
        held = [day for day in self.near if (first is None or first <= day) and (last is None or day <= last)]
        shown = [minutes_of(self.tz, day) for day in held]
        return [(minutes[0][0], minutes[-1][0] + 60) for minutes in shown if minutes]

    # --- section 2: where bookable time comes from ---

    @property
    def wide(self):
        return self.scope == "reschedule" and self.client == "known" and self.rules.reschedule_scope == "opening_hours"

    def opening(self):
        return self.windows(lambda day: self.clinic.opening_hours.get(day.weekday(), ()))

    def planned(self, key, kind):
        week = self.clinic.resources[key].week
        return self.windows(lambda day: [w for p in week if p.kind == kind and holds(p, day) for w in p.windows])

    def has(self, key, kind):
        return any(p.kind == kind and p.days and p.windows for p in self.clinic.resources[key].week)

    def limits(self, key):
        """Each of these must hold the visit."""
        if self.wide or self.rules.availability == "opening_hours":
            return [self.opening()]
        if self.has(key, "online") or key in self.facts.windows:
            online = self.planned(key, "online") + list(self.facts.windows.get(key, ()))
        else:
            online = self.opening() if self.rules.without_windows == "opening_hours" else []
        work = [self.planned(key, "work")] if self.has(key, "work") else []
        told = [list(self.facts.work[key])] if key in self.facts.work else []
        return [online, *work, *told]

    # --- section 3, in order ---

    def not_offered(self, key, start):
        able = key in self.service.resources
        return self.clinic.online and self.service.online and self.clinic.resources[key].online and able

    def client_not_admitted(self, key, start):
        return self.scope == "reschedule" or self.client is None or self.service.clients in ("all", self.client)

    def species_not_admitted(self, key, start):
        admitted, refused = self.service.species, self.service.excluded_species
        if self.species is None or not (admitted or refused):
            return True
        species = self.species.lower()
        return species != "" and species not in refused and (not admitted or species in admitted)

    def too_soon(self, key, start):
        tomorrow = self.today + timedelta(days=self.rules.lead_days)
        return start >= self.facts.now + self.rules.lead_time and self.date(start) >= tomorrow

    def beyond_horizon(self, key, start):
        return self.date(start) <= self.today + timedelta(days=self.rules.horizon_days)

    def outside_hours(self, key, start):
        return all(covered(self.visit(start), spans) for spans in self.once(self.limits, key))

    def closed(self, key, start):
        dated = [span for c in self.clinic.closures for span in self.dates(c.first, c.last)]
        told = [*self.facts.closures.get("", ()), *self.facts.closures.get(key, ())]
        return not touched(self.visit(start), [*dated, *told])

    def absent(self, key, start):
        return self.there(key, start) and self.pick(key, start, self.there) is not None

    def there(self, key, start):
        return not touched(self.visit(start), self.once(self.away, key))

    def away(self, key):
        away = list(self.facts.absences.get(key, ()))
        for absence in self.clinic.resources[key].absences:
            away += [absence.span] if absence.span else self.dates(absence.first, absence.last)
        return away

    def excluded(self, key, start):
        return not touched(self.visit(start), self.once(self.excluding, key))

    def excluding(self, key):
        species = self.species.lower() if self.species else self.species
        apply = [
            e
            for e in self.clinic.exclusions
            if (not e.services or self.service.key in e.services)
            and (not e.resources or key in e.resources)
            and (not e.species or species == "" or species in e.species)
        ]
        return self.windows(lambda day: [w for e in apply if day.weekday() in e.days for w in e.windows])

    def off_grid(self, key, start):
        return wall(self.tz, start).second == 0 and self.minute(start) % self.rules.grid_minutes == 0

    def busy(self, key, start):
        return self.free(key, start) and self.pick(key, start, self.there, self.free) is not None

    def free(self, key, start):
        return not touched(self.footprint(start), self.facts.taken.get(key, ()))

    def day_full(self, key, start):
        most = self.service.max_per_day
        return most is None or self.facts.counts.get((self.service.key, self.date(start)), 0) < most

    def hour_full(self, key, start, *, listed):
        """Of what passes, the earliest of each clock hour of the wall."""
        most = self.rules.slots_per_hour
        if most is None or not listed or self.wide or self.passes(key, start) is None:
            return True
        return start in self.thinned(key, self.date(start))

    def kept_back(self, key, start):
        """Of what a list would show, the last of the date are kept."""
        kept = self.rules.reserved_per_day
        if not kept or self.wide or self.passes(key, start) is None:
            return True
        return len([t for t in self.thinned(key, self.date(start)) if t > start]) >= kept

    def thinned(self, key, day):
        hours = {}
        for t in self.passing(key, day):
            hours.setdefault(self.minute(t) // 60, []).append(t)
        return [t for hour in hours.values() for t in hour[: self.rules.slots_per_hour]]

    def source_stale(self, key, start):
        if key in self.facts.stale:
            return False
        return self.pick(key, start, self.there, self.free) is None or self.chosen(key, start) is not None

    # --- co-resources ---

    def pick(self, key, start, *tests):
        """One of each group, none twice: of all choices the first in the listed order; None where there is none."""
        fit = [[other for other in g if all(test(other, start) for test in tests)] for g in self.service.requires]
        choices = (choice for choice in product(*fit) if len({key, *choice}) == len(choice) + 1)
        return next(choices, None)

    def chosen(self, key, start):
        return self.pick(key, start, self.there, self.free, lambda other, _: other not in self.facts.stale)

    # --- all together ---

    def refusals(self, key, start):
        """The codes of all rules that fail but the throttles, one after the other."""
        for code in CODES:
            if code not in ("hour_full", "kept_back") and not getattr(self, code)(key, start):
                yield code
        for rule in self.clinic.extra:
            if not admits(self, rule, key, start):
                yield rule.code

    def passes(self, key, start):
        """The co-resources of a start that passes all rules but the throttles, else None."""
        if (key, start) not in self.found:
            passed = self.off_grid(key, start) and next(self.refusals(key, start), None) is None
            self.found[key, start] = self.chosen(key, start) if passed else None
        return self.found[key, start]

    def passing(self, key, day):
        name = ("passing", key, day)
        if name not in self.found:
            self.found[name] = [t for t, _ in minutes_of(self.tz, day) if self.passes(key, t) is not None]
        return self.found[name]

    def reason(self, key, start, *, listed):
        """The code of the first rule that fails, or ""."""
        failed = set(self.refusals(key, start))
        failed |= set() if self.hour_full(key, start, listed=listed) else {"hour_full"}
        failed |= set() if self.kept_back(key, start) else {"kept_back"}
        order = [*CODES[:12], *(rule.code for rule in self.clinic.extra), *CODES[12:]]
        return next((code for code in order if code in failed), "")

    def slots(self, days):
        """What a list shows, by start, then resource: (start, resource, co-resources)."""
        return sorted(
            (t, key, self.passes(key, t))
            for key in self.clinic.resources
            for day in days
            for t in self.passing(key, day)
            if self.hour_full(key, t, listed=True) and self.kept_back(key, t)
        )

    def once(self, question, key):
        """Slow is fine, but not the same answer a thousand times."""
        name = (question.__name__, key)
        if name not in self.found:
            self.found[name] = question(key)
        return self.found[name]


def touched(span, others):
    return any(a < span[1] and span[0] < b for a, b in others)


def covered(span, others):
    """From its start on there is always one that goes on, until its end."""
    t = span[0]
    while t < span[1]:
        t = max((b for a, b in others if a <= t < b), default=None)
        if t is None:
            return False
    return True


def holds(plan, day):
    week = "odd" if day.isocalendar()[1] % 2 == 1 else "even"
    return (
        day.weekday() in plan.days
        and plan.weeks in ("all", week)
        and (plan.first is None or day >= plan.first)
        and (plan.last is None or day <= plan.last)
    )


def admits(catalogue, rule, key, start):
    """What the generated rules of plugins say, told once more."""
    options, turn = rule.options, start // 300 % 5
    match rule.code:
        case "one_in_five" | "late_thought":
            return turn != options.turn
        case "free_day":
            taken = catalogue.facts.taken.get(options.other, ())
            days = {catalogue.date(start), catalogue.date(start + catalogue.service.minutes * 60 - 1)}
            return len([a for a, _ in taken if catalogue.date(a) in days]) <= options.most
        case "never_ben":
            return key != "ben"
        case _:
            return False
