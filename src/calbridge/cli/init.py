"""`calbridge init`: a few questions, then a commented file without secrets. It never overwrites one.

What a connection needs is asked of its plugin's own settings model, so that this file knows no vendor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calbridge.cli.answers import Init
from calbridge.cli.finding import Looking, chosen, report
from calbridge.cli.newfile import Answers, Place, hours, render, service, slug
from calbridge.cli.newnotifier import Post
from calbridge.cli.reporting import Outcome, config_option, reporting
from calbridge.errors import ConfigError
from calbridge.nearest import did_you_mean
from calbridge.settings.values import known_zone, region_code

if TYPE_CHECKING:
    from rich.console import Console

    from calbridge.plugins import Plugins
    from calbridge.provider import Discovered, ProviderKind

Check = Callable[[str], object]
"""Raises ValueError or ConfigError with one sentence for an answer that cannot be used."""
_LINE = re.compile(r"^[^:\n]*, line \d+: ")
_UNWRITTEN = (
    "nothing was written: give what is missing with --set KIND.FIELD=VALUE, or leave out --non-interactive and be asked"
)
HOURS = "mon-fri 09:00-12:00,14:00-18:00"


@click.command(short_help="Ask a few questions and write a configuration.")
@config_option
@click.option("--non-interactive", is_flag=True, help="Ask nothing; use the options and their defaults.")
@click.option("--name", default="", help="The clinic's name.")
@click.option("--key", default="", help="Short name of the clinic in the file; made from its name.")
@click.option("--time-zone", default="", help="IANA name.")
@click.option("--region", default="", help="Country code, such as DE.")
@click.option("--preset", default="", help="Named set of rules.")
@click.option("--hours", "opening", default="", help=f'Opening hours, such as "{HOURS}; sat 09:00-12:00".')
@click.option("--practitioner", "practitioners", multiple=True, help="A practitioner's name; repeat for more.")
@click.option("--service", "services", multiple=True, help='"Check-up 30": name and minutes; repeat for more.')
@click.option("--connect", "kinds", multiple=True, help="A kind of system to connect; repeat for more.")
@click.option("--notify", "notifiers", multiple=True, help="A kind of notifier that tells people; repeat for more.")
@click.option(
    "--email", default="", help="The clinic's address: messages are from it, and answers and its own go there."
)
@click.option("--find", "addresses", multiple=True, help="KIND=ADDRESS: an e-mail address, a host or a URL to look at.")
@click.option("--allow-private", is_flag=True, help="A server to be found may be in your own network.")
@click.option("--set", "values", multiple=True, help="KIND.FIELD=VALUE for a connection or a notifier.")
@reporting
def init(
    path: Path,
    non_interactive: bool,
    addresses: tuple[str, ...],
    allow_private: bool,
    values: tuple[str, ...],
    **given: object,
) -> Outcome:
    """Ask a few questions and write a configuration with comments and without secrets."""
    from calbridge.plugins import load_plugins

    if path.exists():
        raise ConfigError(f"{path} is already there and is not overwritten: name another with --config, or edit it")
    plugins = load_plugins()
    search = Searching(secrets=path.parent / "secrets", addresses=_addressed(addresses), allow_private=allow_private)
    answers = _answers(plugins, Asking(given=given, ask=not non_interactive), _assigned(values), search)
    _write(path, render(answers), plugins)
    return _outcome(path, answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """How servers are looked for: `addresses` by kind, as given on the command line."""

    secrets: Path
    addresses: dict[str, str]
    allow_private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Answers from the options, from a person where one may be asked, else the defaults."""

    given: dict[str, object]
    ask: bool

    def text(self, field: str, question: str, default: str, check: Check | None = None) -> str:
        """One."""
        value = str(self.given[field] or "")
        return value or (_prompt(question, default, check) if self.ask else default)

    def several(self, field: str, question: str, default: str, check: Check | None = None) -> list[str]:
        """Any number, with commas between."""
        listed = self.given[field]
        if isinstance(listed, tuple) and listed:
            return [str(each) for each in listed]
        return _parts(_prompt(question, default, lambda text: _each(text, check)) if self.ask else default)


def _answers(plugins: Plugins, asking: Asking, assigned: dict[str, str], search: Searching) -> Answers:
    answers = _clinic(plugins, asking)
    question = f"Systems to connect now, with commas between, or nothing ({_listed(plugins.kinds)})"
    kinds = asking.several("kinds", question, "", one_of(plugins.kinds))
    places = _named_apart([_place(_kind(plugins, kind)) for kind in kinds])
    _refuse_unknown(
        places, answers, [key for key in assigned if key.partition(".")[0] not in plugins.notifiers], search.secrets
    )
    for place in places:
        found = _found(plugins, place, answers, assigned, search, ask=asking.ask)
        _fill(place, answers, assigned, ask=asking.ask)
        if found is not None and not asking.ask:
            _refuse_undecided(place, answers, found)
    posts = _posts(plugins, asking)
    _refuse_unknown([*places, *posts], answers, assigned, search.secrets)
    for post in posts:
        _fill(post, answers, assigned, ask=asking.ask)
    question = "E-mail address of the clinic: messages are from it, answers and its own messages go there"
    email = asking.text("email", question, "", _mail_address) if posts else str(asking.given["email"] or "")
    return replace(answers, email=email).with_places(places, posts)


def _clinic(plugins: Plugins, asking: Asking) -> Answers:
    name = asking.text("name", "Name of the clinic", "My clinic")
    presets = f"Preset of rules, or nothing ({_listed(plugins.presets)})"
    return Answers(
        name=name,
        key=str(asking.given["key"] or slug(name)),
        time_zone=asking.text("time_zone", "Time zone", "Europe/Berlin", known_zone),
        region=asking.text("region", "Country code", "DE", region_code),
        preset=asking.text("preset", presets, "", one_of(plugins.presets)),
        hours=hours(asking.text("opening", "Opening hours", HOURS, hours)),
        practitioners=asking.several("practitioners", "Practitioners, with commas between", "Dr. Anna Sommer"),
        services=asking.several("services", "Services with their minutes, with commas between", "Check-up 30", service),
    )


def _posts(plugins: Plugins, asking: Asking) -> list[Place]:
    """Nothing is asked where no plugin could send anything."""
    question = f"What tells people of their appointments, or nothing ({_listed(plugins.notifiers)})"
    kinds = asking if plugins.notifiers else replace(asking, ask=False)
    return [_post(plugins, kind) for kind in kinds.several("notifiers", question, "", one_of(plugins.notifiers))]


def _post(plugins: Plugins, kind: str) -> Post:
    if kind not in plugins.notifiers:
        known = _listed(plugins.notifiers) or "none"
        raise ConfigError(f'no installed plugin provides notifier kind "{kind}"; there are {known}')
    return Post.of(plugins.notifiers[kind], name=kind)


def _prompt(question: str, default: str, check: Check | None) -> str:
    """Ask until the answer can be used: a slip in the fourth answer must not cost the first three."""

    def usable(text: str) -> str:
        try:
            if check is not None:
                check(text.strip())
        except (ValueError, ConfigError) as error:
            raise click.UsageError(str(error)) from None
        return text.strip()

    return str(click.prompt(question, default=default, value_proc=usable))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _each(text: str, check: Check | None) -> None:
    if check is not None:
        for part in _parts(text):
            check(part)


def _mail_address(text: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    from calbridge.fields import MailAddress

    try:
        TypeAdapter(MailAddress).validate_python(text)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def one_of(names: Iterable[str]) -> Check:
    """Refuses a name that is not there; nothing is fine."""
    known = sorted(names)

    def check(text: str) -> None:
        if text and text not in known:
            raise ValueError(f'there is no "{text}"{did_you_mean(text, known) or f"; there are {_listed(known)}"}')

    return check


def _named_apart(places: list[Place]) -> list[Place]:
    """A connection is named after its role, a second one of that role after its kind."""
    for index, place in enumerate(places):
        if place.name in {earlier.name for earlier in places[:index]}:
            place.name = place.kind
    return places


def _place(kind: ProviderKind) -> Place:
    return Place.of(kind, name=kind.role)


def _kind(plugins: Plugins, kind: str) -> ProviderKind:
    if kind not in plugins.kinds:
        known = ", ".join(sorted(plugins.kinds)) or "none"
        raise ConfigError(f'no installed plugin provides kind "{kind}"; there are {known}')
    return plugins.kinds[kind]


def _found(
    plugins: Plugins, place: Place, answers: Answers, assigned: dict[str, str], search: Searching, *, ask: bool
) -> Discovered | None:
    """Where the kind can look for its server and an address is given: its settings, from what is there."""
    kind = plugins.kinds[place.kind]
    address = search.addresses.get(place.kind, "")
    if not address and ask and kind.discover is not None:
        address = _prompt(f"{place.kind}: e-mail address, host or URL to look at, or nothing", "", None)
    if not address:
        return None
    looking = Looking(
        kind=kind,
        place=place,
        secrets=search.secrets,
        ask=ask,
        allow_private=search.allow_private,
        username=assigned.get(f"{place.kind}.username"),
    )
    found = looking.find(address)
    if found is None:
        return None
    report(found)
    place.values |= found.values
    for key in found.choices:
        prompt = (lambda question, default: _prompt(question, default, None)) if ask else None
        place.values |= chosen(found, key, answers.resources, prompt=prompt)
    place.allow_private = looking.allow_private
    place.has_secret = looking.keep()
    return found


def _refuse_unknown(places: list[Place], answers: Answers, assigned: Iterable[str], secrets: Path) -> None:
    """A slip in --set would else be an answer that nobody hears."""
    asked = [f"{place.kind}.{key}" for place in places for key, _question in place.questions(answers)]
    known = asked + [f"{place.kind}.{key}" for place in places for key in place.simple]
    secret = {f"{place.kind}.{key}": f"{place.name}-{key}" for place in places for key in place.secrets}
    for key in assigned:
        if key in secret:
            raise ConfigError(
                f"--set {key}: no secret is given on a command line, where others on this machine may read it: "
                f"put it into the file {secrets / secret[key]}"
            )
        if key not in known:
            there = f"; there are {', '.join(asked)}" if asked else "; name a kind with --connect or --notify"
            raise ConfigError(f"--set {key}: nothing asks for that{did_you_mean(key, known) or there}")


def _refuse_undecided(place: Place, answers: Answers, found: Discovered) -> None:
    """Names tell which calendar is whose, or they do not: then somebody has to say it."""
    for key, choices in found.choices.items():
        if key in place.required and choices and not place.found(f"{key}."):
            wanted = next(iter(answers.resources))
            there = ", ".join(each.value for each in choices)
            raise ConfigError(
                f"the names do not tell which of the {key} is whose: "
                f"add --set {place.kind}.{key}.{wanted}=... and so on (there are {there})"
            )


def _fill(place: Place, answers: Answers, assigned: dict[str, str], *, ask: bool) -> None:
    """What is still open: as assigned, else asked for."""
    place.values |= place.assigned(assigned)
    for key, question in place.questions(answers):
        if ask and key not in place.values and not place.found(key):
            place.values[key] = _prompt(f"{place.kind}: {question}", "", partial(place.check, key))


def _addressed(addresses: tuple[str, ...]) -> dict[str, str]:
    wrong = [each for each in addresses if not all(each.partition("="))]
    if wrong:
        raise ConfigError(f'--find "{wrong[0]}" is wrong: write KIND=ADDRESS')
    return {kind: address for kind, _, address in (each.partition("=") for each in addresses)}


def _assigned(values: tuple[str, ...]) -> dict[str, str]:
    wrong = [value for value in values if "." not in value.partition("=")[0] or "=" not in value]
    if wrong:
        raise ConfigError(f'--set "{wrong[0]}" is wrong: write KIND.FIELD=VALUE')
    return {key: value for key, _, value in (each.partition("=") for each in values)}


def _write(path: Path, text: str, plugins: Plugins) -> None:
    """Written, then read as any command reads it; what does not read is taken away again, with the reasons."""
    from calbridge.settings import ConfigErrors, load

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({type(error).__name__}): choose another place") from None
    try:
        load(path, {}, plugins)
    except ConfigErrors as wrong:
        path.unlink()
        raise ConfigErrors((*(_without_line(fault) for fault in wrong.faults), _UNWRITTEN)) from None


def _without_line(fault: str) -> str:
    """The file is not there, so a line of it leads nobody anywhere."""
    return _LINE.sub("", fault)


def _outcome(path: Path, answers: Answers) -> Outcome:
    steps = [
        f"put the {place.kind}'s {field} into the file {path.parent / 'secrets' / f'{place.name}-{field}'}"
        for place in (*answers.places, *answers.notifiers)
        for field in place.wanted
        if not (place.has_secret and field == "password")
    ]
    steps.append(f"look through {path}, then run: calbridge check --config {path}")
    answer = Init(path=str(path), next=steps)
    return Outcome(answer=answer, show=lambda console: _show(console, answer))


def _show(console: Console, answer: Init) -> None:
    console.print(f"Wrote {answer.path}.", markup=False)
    for step in answer.next:
        console.print(f"Next: {step}", markup=False)
