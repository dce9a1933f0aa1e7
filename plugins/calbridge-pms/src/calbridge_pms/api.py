"""The PMS over HTTP: one bearer token, the bridge's own transport, pages followed to their end."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from calbridge.errors import NeedsHuman, SkipItem
from calbridge.http import classify, json_of, request
from calbridge.provider import Context
from calbridge_pms.abilities import Abilities, abilities_of
from calbridge_pms.settings import PmsSettings
from calbridge_pms.wire import PmsNamed, PmsPage, read

FRESH_S = 3_600
PAGES = 2_000
"""More of one list is no list of a clinic's, but one that never ends."""
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What may be repeated in a sentence: a machine's word, and nobody's name."""
REFUSED = frozenset({400, 404, 409, 410, 412, 422})
"""Answers to a write whose meaning stands in their body."""


class Api:
    """All requests of one connection. Nothing is asked before the first hook is called."""

    def __init__(self, settings: PmsSettings, context: Context) -> None:
        self._settings, self._context = settings, context
        self._client: httpx.Client | None = None
        self._abilities: tuple[int, Abilities] | None = None
        self._sites: tuple[int, Mapping[str, str]] | None = None

    def abilities(self, *, fresh: bool = False) -> Abilities:
        """What the PMS can do, asked at most once an hour unless `fresh`."""
        now = self._context.clock.now()
        if fresh or self._abilities is None or now - self._abilities[0] > FRESH_S:
            self._abilities = (now, abilities_of(self.get("/v1/capabilities")))
        return self._abilities[1]

    def sites(self) -> Mapping[str, str]:
        """The location of each resource, asked at most once an hour."""
        now = self._context.clock.now()
        if self._sites is None or now - self._sites[0] > FRESH_S:
            named = (read(PmsNamed, raw, "list of resources") for raw in self.all("/v1/resources"))
            self._sites = (now, {each.id: each.location for each in named})
        return self._sites[1]

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of one address that must be there."""
        return json_of(self.ask("GET", path, params=query))

    def look(self, path: str, item: str) -> Any | None:
        """The JSON of one record, None when the PMS itself says that there is none."""
        response = self.ask("GET", path, accept={404, 410}, item=item)
        if response.is_success:
            return json_of(response)
        if not says_gone(response):
            raise classify(response)
        return None

    def each(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, page after page."""
        query["limit"] = self.abilities().page_max
        seen: set[str] = set()
        for _ in range(PAGES):
            page = read(PmsPage, self.get(path, **query), "list")
            yield from page.items
            if not page.has_more:
                return
            if not page.next_cursor or page.next_cursor in seen:
                break
            seen.add(page.next_cursor)
            query["cursor"] = page.next_cursor
        raise NeedsHuman("the PMS's list never ends; ask its maker for an update")

    def all(self, path: str) -> tuple[Any, ...]:
        """A list that comes in one piece (sites, resources, windows, a client's patients)."""
        return read(PmsPage, self.get(path), "list").items

    def write(self, method: str, path: str, body: Mapping[str, Any], item: str, **headers: str) -> httpx.Response:
        """Send a change. Refusals come back to be read; only what is no answer at all is raised."""
        return self.ask(method, path, accept=REFUSED, item=item, json=body, headers=headers)

    def ask(
        self, method: str, path: str, *, accept: Collection[int] = (), item: str = "", **options: Any
    ) -> httpx.Response:
        """One request. A refusal that is about no record means that the other side speaks another contract."""
        try:
            return request(self._connected(), method, path, accept=accept, item=item, **options)
        except SkipItem:
            if item:
                raise
        raise NeedsHuman(
            f"the PMS refuses {method} {path}: it does not keep to the generic PMS contract; check the url, "
            "or ask its maker for an update"
        )

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> httpx.Client:
        if self._client is None:
            token = self._context.secrets(self._settings.token)
            self._client = httpx.Client(
                base_url=self._settings.url.rstrip("/"),
                transport=self._context.transport,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                timeout=30,
            )
        return self._client


def path_of(kind: str, ident: str) -> str:
    """The address of one record. An id may hold a slash or a question mark: unquoted it would name another record."""
    return f"/v1/{kind}/{quote(ident, safe='')}"


def code_of(response: httpx.Response) -> str:
    """The problem's code, "" where the body has none, or something else in its place: a code is in small letters."""
    try:
        body = response.json()
    except ValueError:
        return ""
    code = body.get("code", "") if isinstance(body, dict) else ""
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def says_gone(response: httpx.Response) -> bool:
    """The PMS itself says that there is no such record; a proxy's or another server's 404 is no evidence (R2, R3)."""
    return response.status_code in {404, 410} and code_of(response) in {"not_found", "gone"}


def refusal(response: httpx.Response, item: str) -> SkipItem:
    """The PMS will not take this record, and a repetition will not help."""
    reason = code_of(response) or "no reason given"
    return SkipItem(
        f"the PMS refused this appointment ({response.status_code}, {reason}): compare the resources and services "
        "of this clinic with those of the PMS (calbridge check)",
        item=item,
    )
