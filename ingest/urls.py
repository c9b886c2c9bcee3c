"""Web addresses: which of them may become links, and when two of them name the same page."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import courlan
import tld

#: Longer addresses are data in disguise, and no database index takes them.
URL_LIMIT = 2000

# Parameters that say where a reader came from, never what he reads. Much narrower than courlan's own list, which
# also drops every parameter that begins like `ref`, `ga` or `gl` (`?game=1` and `?game=2` would be one article).
_TRACKING = re.compile(
    r"(?:utm|mtm|pk|piwik|itm|at|mc|mkt|oly|vero|hsa|_hs)_\w+|hsctatracking|_(?:ga|gl)|"
    r"(?:fb|g|dc|gb|ms|y|tw|ysc|msclk|igsh|wbra|gbra)cli?d|msclkid|igshid|wbraid|gbraid|"
    r"xtor|cmpid?|ncid|ocid|smid|srnd|ref_?src|ref_url|ref|referrer|feature|traffic_source|ns_(?:mchannel|campaign|source)",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_SAFE = "".join(chr(i) for i in range(0x21, 0x7F) if chr(i) not in "\"<>'`")
_HOST = re.compile(r"[^\s\\/<>\"'`{}|^%]+")


def web_address(text: str | None, base: str | None = None) -> str | None:
    """The absolute http(s) address in `text`, resolved against `base`; None for anything else.

    Refused: other schemes (`javascript:`, `data:`, `file:`), control and invisible characters, user names and
    passwords, hosts and ports that can't be, and addresses longer than URL_LIMIT.
    """
    address = (text or "").strip()
    if not address or len(address) > URL_LIMIT or _has_invisible(address):
        return None
    parts = _split(address)
    if parts is None:
        return None
    if not parts.scheme and base:
        home = _split(base)
        # Some feeds leave the scheme out: `example.org/a` in a feed of example.org is no path.
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
    # Feeds write blanks into addresses, browsers send them as %20; a quote could end an attribute.
    return quote(address, safe=_SAFE)


def site(home: str | None, source: str) -> str | None:
    """A feed's own link as an absolute address; None when it has none that could be one.

    It must be absolute, so where the scheme is missing (`example.org/`) and the first part can be a host, it is one.
    """
    stated = (home or "").strip()
    host, slash, _ = stated.partition("/")
    if slash and _DOMAIN.fullmatch(host) and tld.get_tld(f"https://{host}", fail_silently=True):
        return web_address(f"https://{stated}")
    return web_address(stated, source)


def canonical(url: str) -> str:
    """One spelling for all addresses of a page: for comparing, not for opening.

    Scheme, default port, trailing slash, case of the host, order of parameters and tracking parameters don't
    count; every other parameter and fragment does.
    """
    parts = _split(url.strip())
    if parts is None or not parts.netloc:
        return url.strip()
    # courlan sees neither query nor fragment: it would drop blank values (`?123`) and meaningful names.
    plain = courlan.normalize_url(parts._replace(query="", fragment=""), trailing_slash=False)
    path = re.sub("%[0-9a-f]{2}", lambda code: code[0].upper(), plain.partition("://")[2]).rstrip("/")
    query = "&".join(sorted(part for part in parts.query.split("&") if part and not _tracks(part)))
    fragment = "&".join(part for part in parts.fragment.split("&") if part and not ("=" in part and _tracks(part)))
    return f"https://{path}" + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


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
    # A newline would be dropped by urlsplit in silence, a bidirectional mark would show another address.
    return not text.isprintable() and any(unicodedata.category(char)[0] == "C" for char in text)
