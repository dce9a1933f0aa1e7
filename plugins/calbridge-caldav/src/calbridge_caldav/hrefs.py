"""hrefs are compared unquoted and without origin; a member's ref is `<resource key>/<its last segment, unquoted>`.

Servers quote as they like, answer with or without origin, and sometimes name things of another calendar (R4).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

REPEATS, WINDOWS, ABSENCES = PARTS = ("/repeats", "/windows", "/absences")
"""What one object gives besides its first record; no segment has a slash."""
ONLINE = "~"
"""Before a resource's key: the calendar of its online windows, not its own."""
HERE = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
"""Names of this machine: nobody can listen on the way."""
_SAFE = "/@:!$&'()*+,;=~-._"


def path_of(href: str) -> str:
    """The unquoted path of an href, which may be a path or a whole URL."""
    return unquote(raw_path(href))


def raw_path(href: str) -> str:
    """The path of an href as it is quoted; a leading `//` is a path too, not a host."""
    text = href.strip()
    return text.split("?")[0] if text.startswith("/") else urlsplit(text).path


def quoted(path: str) -> str:
    """An unquoted path as it goes into a request."""
    return quote(path, safe=_SAFE)


def without_login(url: str) -> str:
    """A URL without the login that somebody may have put into it: that is no part of an address, and not shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def collection_path(base: str, place: str) -> str:
    """The path of the collection `place` (a path or a URL) on the server of `base`; ValueError for another server."""
    whole = urljoin(base, place)
    ours, theirs = urlsplit(base), urlsplit(whole)
    if "@" in theirs.netloc:
        raise ValueError("a calendar's url holds no user name or password: give them in their own fields")
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise ValueError(f"the calendar {place} is on another server than the url: use one connection a server")
    path = unquote(theirs.path).rstrip("/") + "/"
    if path == "/":
        raise ValueError(f'"{place}" is the whole server, not a calendar: write its path, like "/praxis/anna/"')
    return path


def segment_in(collection: str, href: str) -> str | None:
    """The last segment of an href that lies directly in `collection`, unquoted; None for anything else."""
    parent, _, last = raw_path(href).rpartition("/")
    if unquote(last) in {"", ".", ".."} or unquote(parent) + "/" != collection:
        return None
    return unquote(last)


def ref_of(resource: str, segment: str) -> str:
    """How the bridge names one calendar object for ever."""
    return f"{resource}/{segment}"


def online_of(resource: str) -> str:
    """How the calendar of a resource's online windows is named."""
    return ONLINE + resource


def resource_of(name: str) -> str:
    """Whose calendar it is."""
    return name.removeprefix(ONLINE)


def field_of(name: str) -> str:
    """Where a calendar stands in the settings."""
    return f"{'windows' if name.startswith(ONLINE) else 'calendars'}.{resource_of(name)}"


def parts_of(ref: str) -> tuple[str, str]:
    """Resource key and segment of a ref."""
    resource, _, segment = ref.partition("/")
    return resource, segment


def known_in(resource: str, known: Mapping[str, str]) -> dict[str, str]:
    """Segment to version of what is known of one resource's calendar."""
    prefix = ref_of(resource, "")
    return {
        ref[len(prefix) :]: version
        for ref, version in known.items()
        if ref.startswith(prefix) and not ref.endswith(PARTS)
    }


def refs_of(ref: str) -> tuple[str, ...]:
    """Every ref that one object may give a record under, its own first."""
    return (ref, *(ref + part for part in PARTS))


def member_path(collection: str, segment: str) -> str:
    """The quoted path of one member, for a request."""
    return quoted(collection) + quote(segment, safe="@:!$&'()*+,;=~-._")
