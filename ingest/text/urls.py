"""Web addresses: which may become links, and when two of them are the same page."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import courlan
import idna
import tld

#: Longer addresses are usually data, and too long for database indexes.
URL_LIMIT = 2000

# Parameters that tell where a reader came from, never which page it is. Narrower than courlan's own list, which also
# drops every parameter that begins with `ref`, `ga` or `gl` (`?game=1` and `?game=2` would be one article).
_TRACKING = re.compile(
    r"(?:utm|mtm|pk|piwik|itm|at|mc|mkt|oly|vero|hsa|_hs)_\w+|hsctatracking|_(?:ga|gl)|"
    r"(?:fb|g|dc|gb|ms|y|tw|ysc|msclk|igsh|wbra|gbra)cli?d|msclkid|igshid|wbraid|gbraid|"
    r"phpsessid|jsessionid|xtor|cmpid?|ncid|ocid|smid|srnd|ref_?src|ref_url|ref|referrer|feature|traffic_source|ns_(?:mchannel|campaign|source)",
    re.IGNORECASE,
)
#: First parts of a host name that tell only for which device a page is made.
_DEVICES = frozenset(("www", "m", "mobile", "amp"))
_AMP = re.compile(r"amp(?:=(?:1|true)?)?|outputtype=amp", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_SAFE = "".join(chr(i) for i in range(0x21, 0x7F) if chr(i) not in "\"<>'`")
_HOST = re.compile(r"[^\s\\/<>\"'`{}|^%]+")


def web_address(text: str | None, base: str | None = None) -> str | None:
    """The absolute http(s) address in `text`, resolved against `base`; None for anything else.

    Refuses other schemes (`javascript:`, `data:`, `file:`), control and invisible characters, user names and
    passwords, impossible hosts and ports, and addresses longer than URL_LIMIT.
    """
    address = (text or "").strip()
    if not address or len(address) > URL_LIMIT or _has_invisible(address):
        return None
    parts = _split(address)
    if parts is None:
        return None
    if not parts.scheme and base:
        home = _split(base)
        # Some feeds leave out the scheme: `example.org/a` in a feed of example.org is not a path.
        if home and home.hostname and address.lower().startswith(home.hostname + "/"):
            address = f"{home.scheme}://{address}"
        try:
            address = urljoin(base, address)
        except ValueError:
            return None
        parts = _split(address)
    if parts is None or parts.scheme not in ("http", "https") or len(address) > URL_LIMIT:
        return None
    if "@" in parts.netloc or not parts.hostname or not _HOST.fullmatch(parts.netloc) or ".." in parts.netloc:
        return None
    address = parts.scheme + address[len(parts.scheme) :]  # HTTPS: is https:
    if not address.isascii():
        # As IDNA; a host that has no such form is refused, because browsers would guess.
        host = _ascii(parts.hostname)
        if host is None:
            return None
        port = f":{parts.port}" if parts.port is not None else ""
        address = parts._replace(netloc=host + port).geturl()
    # Browsers send blanks as %20; a quote could end an attribute.
    address = quote(address, safe=_SAFE)
    return address if len(address) <= URL_LIMIT else None


def site(home: str | None, source: str) -> str | None:
    """A feed's link to its site as an absolute address; None if it is not usable.

    Without a scheme (`example.org/`), the first part is taken for a host if it can be one.
    """
    stated = (home or "").strip()
    host, slash, _ = stated.partition("/")
    if slash and _DOMAIN.fullmatch(host) and tld.get_tld(f"https://{host}", fail_silently=True):
        return web_address(f"https://{stated}")
    return web_address(stated, source)


def canonical(url: str) -> str:
    """One spelling for all addresses of a page: for comparing, not for opening.

    It ignores scheme, default port, trailing slash, case of the host, `www.` and host names for mobile pages, the order
    of parameters and tracking parameters; every other parameter and fragment counts.
    """
    parts = _split(url.strip())
    if parts is None or not parts.netloc:
        return url.strip()
    # courlan gets neither query nor fragment: it would drop blank values (`?123`) and meaningful names.
    plain = courlan.normalize_url(parts._replace(query="", fragment=""), trailing_slash=False)
    path = plain.partition("://")[2].partition("/")[2]
    path = re.sub("%[0-9a-f]{2}", lambda code: code[0].upper(), path).rstrip("/")
    found = [part for part in parts.query.split("&") if part and not _tracks(part) and not _AMP.fullmatch(part)]
    # By name alone: the order of two values of one name may matter.
    query = "&".join(sorted(found, key=lambda part: part.partition("=")[0]))
    fragment = "&".join(part for part in parts.fragment.split("&") if part and not ("=" in part and _tracks(part)))
    return (
        f"https://{_host(parts)}"
        + (f"/{path}" if path else "")
        + (f"?{query}" if query else "")
        + (f"#{fragment}" if fragment else "")
    )


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else _home(_ascii(host) or host)
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


@lru_cache(maxsize=4096)
def _home(host: str) -> str:
    """The host without the parts that only tell for which device its pages are: `en.m.e.org` is `en.e.org`."""
    while (rest := host.partition(".")[2]) and host.partition(".")[0] in _DEVICES and not _is_suffix(rest):
        host = rest
    first, _, rest = host.partition(".")
    inner = f"{first}.{rest.partition('.')[2]}"
    return _home(inner) if rest.startswith("m.") and not _is_suffix(rest.partition(".")[2]) else host


def _is_suffix(host: str) -> bool:
    """Whether names right below this one are given to anybody: `com`, `co.uk`."""
    return "." not in host or tld.get_tld(f"https://x.{host}", fail_silently=True) == host


def _ascii(host: str) -> str | None:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return None


def _tracks(parameter: str) -> bool:
    return _TRACKING.fullmatch(parameter.partition("=")[0]) is not None


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        parts.port, parts.hostname  # noqa: B018 - reading them is what checks them
    except ValueError:
        return None
    return parts


def _has_invisible(text: str) -> bool:
    # urlsplit would drop a newline silently; a bidirectional mark would show another address.
    return not text.isprintable() and any(unicodedata.category(char)[0] == "C" for char in text)
