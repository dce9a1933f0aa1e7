"""What is asked of a CalDAV server and what its 207 says. A propstat with 404 is a missing property, no more (R3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
_HREF, _PROPSTAT, _PROP, _STATUS = (f"{DAV}{name}" for name in ("href", "propstat", "prop", "status"))
CTAG = "{http://calendarserver.org/ns/}getctag"

_NS = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'

_RULE = re.compile(r"[a-z][a-z-]{0,60}")


class NoMultistatusError(Exception):
    """The body is something else; the text says what is wrong and holds nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One response of a multistatus. `status` is its own, where it has one; `props` are only those that were found."""

    href: str
    status: int | None
    props: dict[str, etree._Element] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The text of a property, or ""."""
        found = self.props.get(name)
        return (found.text or "").strip() if found is not None else ""

    def has(self, name: str, child: str) -> bool:
        """True when the property holds that element, at any depth."""
        found = self.props.get(name)
        return found is not None and found.find(f".//{child}") is not None

    @property
    def found(self) -> bool:
        """The server says nothing against the resource itself."""
        return self.status in {None, 200}

    @property
    def gone(self) -> bool:
        """The server says that the resource itself is not there."""
        return self.status in {404, 410}


@dataclass(frozen=True, slots=True, kw_only=True)
class Multistatus:
    """A whole 207. `date` is when the server sent it, by its own clock."""

    parts: tuple[Part, ...]
    token: str = ""
    date: str = ""


def document(body: bytes) -> etree._Element:
    """The root of an XML body, without entities, network or a document type."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        root = etree.fromstring(body, parser=parser)
    except etree.XMLSyntaxError:
        raise NoMultistatusError("not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NoMultistatusError("XML with a document type")
    return root


def broken_rule(body: bytes) -> str:
    """The rule that a request broke by the server's own word, such as "no-uid-conflict" (RFC 4918, 16); "" for none."""
    try:
        root = document(body)
    except NoMultistatusError:
        return ""
    named = (str(child.tag).rpartition("}")[2] for child in root if isinstance(child.tag, str))
    name = next(named, "") if root.tag == f"{DAV}error" else ""
    return name if _RULE.fullmatch(name) else ""


def parse(body: bytes, date: str = "") -> Multistatus:
    """The parts of a 207; `NoMultistatusError` for anything else."""
    root = document(body)
    if root.tag != f"{DAV}multistatus":
        raise NoMultistatusError("XML of another kind")
    parts = tuple(_part(response) for response in root.iterfind(f"{DAV}response"))
    return Multistatus(parts=parts, token=(root.findtext(f"{DAV}sync-token") or "").strip(), date=date)


def _part(response: etree._Element) -> Part:
    """Children are looked at once, without paths: a listing has ten thousand of these."""
    href, status = "", None
    props: dict[str, etree._Element] = {}
    for child in response:
        if child.tag == _HREF:
            href = href or child.text or ""
        elif child.tag == _PROPSTAT:
            _take(child, props)
        elif child.tag == _STATUS:
            status = _code(child.text)
    return Part(href=href, status=status, props=props)


def _take(propstat: etree._Element, props: dict[str, etree._Element]) -> None:
    """The properties of one propstat, where it says that it found them."""
    found: list[etree._Element] = []
    code: int | None = None
    for child in propstat:
        if child.tag == _PROP:
            found += child
        elif child.tag == _STATUS:
            code = _code(child.text)
    if code in {200, None}:
        for one in found:
            props[str(one.tag)] = one


def _code(text: str | None) -> int | None:
    words = (text or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isascii() and words[1].isdigit() else None


def propfind(*names: str) -> bytes:
    """A PROPFIND body; names with their prefix, `D:getetag`."""
    wanted = "".join(f"<{name}/>" for name in names)
    return f'<?xml version="1.0" encoding="utf-8"?><D:propfind {_NS}><D:prop>{wanted}</D:prop></D:propfind>'.encode()


def sync_collection(token: str, *, bodies: bool = False) -> bytes:
    """Never with DAV:limit: some servers cut there and lose the rest."""
    data = "<C:calendar-data/>" if bodies else ""
    return _report(
        "D:sync-collection",
        f"<D:sync-token>{_text(token)}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/>{data}</D:prop>",
    )


def multiget(paths: Iterable[str]) -> bytes:
    """The objects at these quoted paths, with their ETags."""
    hrefs = "".join(f"<D:href>{_text(path)}</D:href>" for path in paths)
    return _report("C:calendar-multiget", f"<D:prop><D:getetag/><C:calendar-data/></D:prop>{hrefs}")


def by_uid(uid: str) -> bytes:
    """Where an event with this UID is."""
    return _report(
        "C:calendar-query",
        '<D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f'<C:prop-filter name="UID"><C:text-match collation="i;octet">{_text(uid)}</C:text-match></C:prop-filter>'
        "</C:comp-filter></C:comp-filter></C:filter>",
    )


def _report(name: str, inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><{name} {_NS}>{inside}</{name}>'.encode()


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
