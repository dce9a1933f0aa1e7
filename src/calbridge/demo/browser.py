"""A client's web browser, without a screen: it opens pages, fills in forms and presses buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

Attributes = list[tuple[str, str | None]]


@dataclass(slots=True, kw_only=True)
class Form:
    """One form: what is filled in already, and which fields must be. `button` is what its button says."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    button: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is seen: where it is, its language, all its text, its links by what they say, its forms."""

    url: str
    language: str
    text: str
    headings: tuple[str, ...]
    links: dict[str, str]
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """With the cookies that `client` keeps, and its owner's language."""

    client: httpx.Client
    language: str = "de"

    def open(self, url: str) -> Page:
        """Follow a link."""
        return self._asked("GET", url, {})

    def press(self, page: Page, form: Form, **values: str) -> Page:
        """Fill in what is named and press the form's button."""
        filled = dict.fromkeys(form.names, "") | form.values | values
        url = urljoin(page.url, form.action or page.url)
        return self._asked(form.method, url, filled)

    def _asked(self, method: str, url: str, data: dict[str, str]) -> Page:
        headers = {"Accept-Language": self.language}
        return _page(self.client.request(method, url, data=data, headers=headers, follow_redirects=True))


def _page(answer: httpx.Response) -> Page:
    reader = _Reader()
    reader.feed(answer.raise_for_status().text)
    return Page(
        url=str(answer.url),
        language=reader.language,
        text=" ".join(" ".join(reader.texts).split()),
        headings=tuple(reader.headings),
        links=reader.links,
        forms=tuple(reader.forms),
    )


class _Reader(HTMLParser):
    """Collects while it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.language = ""
        self.texts: list[str] = []
        self.headings: list[str] = []
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self._inside: list[str] = []
        self._href = ""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """An element begins."""
        given = {name: value or "" for name, value in attrs}
        self._inside.append(tag)
        match tag:
            case "html":
                self.language = given.get("lang", "")
            case "a":
                self._href = given.get("href", "")
            case "form":
                self.forms.append(Form(action=given.get("action", ""), method=given.get("method", "get")))
            case "input" | "select" | "textarea" if self.forms:
                self._field(given)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it those in it that have no end."""
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Text."""
        text = data.strip()
        if not text or "style" in self._inside:
            return
        self.texts.append(text)
        here = self._inside[-1] if self._inside else ""
        if here in {"h1", "h2", "h3"}:
            self.headings.append(text)
        elif here == "a":
            self.links[text] = self._href
        elif here == "button":
            self.forms[-1].button = text

    def _field(self, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        if given.get("type") == "checkbox":
            return  # not ticked
        form.names.append(name)
        if given.get("value"):
            form.values[name] = given["value"]
        if "required" in given:
            form.required.add(name)
