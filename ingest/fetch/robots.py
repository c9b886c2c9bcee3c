"""robots.txt: which pages of a site programs may read. It is obeyed for pages; feeds are made for programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from ingest.errors import FetchError, Forbidden
from ingest.fetch.client import Fetcher
from ingest.fetch.queue import SPACING
from ingest.text import plain

#: Seconds for which a site's rules are kept, and those until a site is asked again whose rules could not be read.
_KEPT, _UNKNOWN = 86_400.0, 1_800.0
#: The standard (RFC 9309) allows to stop reading after half a megabyte.
_MAX_BYTES = 1_000_000
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class _Rules:
    until: float
    found: Protego | None  #: None: they could not be read


class Robots:
    """The rules of the sites asked so far; safe to share between threads."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._sites: dict[str, _Rules] = {}
        # Rules name programs by the first word of their User-Agent.
        self._name = fetcher.user_agent.partition("/")[0].split()[0]

    def check(self, url: str) -> None:
        """Raises Forbidden for a page that programs may not read, FetchError if the rules can't be read now."""
        site = _site(url)
        rules = self._sites.get(site)
        if rules is None or rules.until < self._clock():
            rules = self._read(site)
            if len(self._sites) > _REMEMBERED:
                self._sites.clear()
            self._sites[site] = rules
        if rules.found is None:
            raise FetchError(f"{site}/robots.txt can't be read, so we don't know what we may. It is tried again.")
        if not rules.found.can_fetch(url, self._name):
            raise Forbidden(f"{plain.line(site, 80)} asks programs not to read this page (robots.txt).")

    def spacing(self, url: str) -> float:
        """Seconds between two pages of a site: what its rules ask for, if they are known, and at least SPACING."""
        rules = self._sites.get(_site(url))
        delay = rules.found.crawl_delay(self._name) if rules and rules.found else None
        return max(SPACING, float(delay or 0))

    def _read(self, site: str) -> _Rules:
        now = self._clock()
        try:
            response = self._fetcher.get(f"{site}/robots.txt", accept="text/plain", max_bytes=_MAX_BYTES)
        except FetchError as error:
            # No such file means that everything is allowed (RFC 9309, 2.3.1.3); a site with a fault may have one.
            return _Rules(now + _KEPT, Protego.parse("")) if error.final else _Rules(now + _UNKNOWN, None)
        return _Rules(now + _KEPT, Protego.parse(response.body.decode(errors="replace")))


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
