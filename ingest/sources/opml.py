"""The list of feeds, as OPML."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from lxml import etree  # type: ignore[import-untyped]

from ingest.errors import ConfigFileError
from ingest.formats import items
from ingest.models import FullText, Source
from ingest.text import plain, urls

log = logging.getLogger(__name__)

#: Room for thousands of feeds; a larger file is no list of feeds.
MAX_BYTES = 5_000_000

#: A DOCTYPE with what it declares, and references to anything that XML does not know by itself.
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)[\w.-]+;")
#: What stands in place of such a reference: no address can hold it.
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry of a list that is not used, and why."""

    line: int | None
    entry: str
    reason: str

    def __str__(self) -> str:
        return f"{'' if self.line is None else f'line {self.line}: '}{self.entry} {self.reason}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The feeds of a list in its order, each address once, and what was left out."""

    feeds: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]


def read(path: Path) -> list[Source]:
    """The feeds of an OPML file; a feed's group is the outline around it.

    What is left out goes to the log. Raises ConfigFileError, naming file and line, for a file that can't be read.
    """
    listing = _listing(root(load(path), str(path)))
    for each in listing.left_out:
        log.warning("%s, %s; left out", path, each)
    return list(listing.feeds)


def salvage(body: bytes, name: str) -> Listing:
    """All feeds that somebody else's list holds, however damaged it is; the rest is left out with its reason.

    Raises ConfigFileError when it is no list of feeds at all.
    """
    left_out: list[LeftOut] = []
    if found := _DOCTYPE.search(body):
        line = body.count(b"\n", 0, found.start()) + 1
        left_out.append(LeftOut(line, "<!DOCTYPE>", "can hide a bomb: it was not read, nor what needs it"))
        body = _DOCTYPE.sub(lambda hit: b"\n" * hit.group().count(b"\n"), body)
    body = _REFERENCE.sub(_UNKNOWN.encode() if body.isascii() or _is_utf8(body) else b"?", body)
    try:
        tree = root(body, name)
    except ConfigFileError as error:
        tree = root(body, name, mend=True)
        left_out.append(LeftOut(None, "", f"{error} It was read as far as it makes sense."))
    listing = _listing(tree)
    return Listing(listing.feeds, (*left_out, *listing.left_out))


def load(path: Path) -> bytes:
    """The bytes of a list. Raises ConfigFileError."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigFileError(f"{path} can't be read ({error.strerror}).") from error
    if len(body) > MAX_BYTES:
        raise ConfigFileError(f"{path} is larger than {MAX_BYTES / 1e6:g} MB: that is no list of feeds.")
    return body


def root(body: bytes, name: str, *, mend: bool = False) -> Any:
    """The root element, comments and all. Raises ConfigFileError for what is no OPML, or declares anything."""
    # lxml expands entities in attributes whatever its options say, and no list of feeds needs any.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ConfigFileError(
            f"{name} has a DOCTYPE, which can hide a bomb. Delete the line that begins with <!DOCTYPE."
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, recover=mend)
    try:
        found = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        reason = plain.line(error.msg or "empty", 150)
        raise ConfigFileError(f"{name}, line {error.lineno or 1}: this is no OPML ({reason}).") from error
    if found is None:
        raise ConfigFileError(f"{name}, line 1: this is no OPML (empty).")
    if found.getroottree().docinfo.doctype:
        raise ConfigFileError(f"{name} has a DOCTYPE, which can hide a bomb. Save it as UTF-8 without one.")
    if etree.QName(found).localname.lower() != "opml":
        raise ConfigFileError(f"{name}, line {found.sourceline}: this is no OPML but <{etree.QName(found).localname}>.")
    return found


def outlines(tree: Any) -> Iterator[tuple[Any, str]]:
    """Every outline that names a feed, with its address as it is written."""
    for outline in tree.iter("{*}outline"):
        if address := attribute(outline, "xmlUrl"):
            yield outline, address


def attribute(outline: Any, name: str) -> str:
    """An attribute's value; programs disagree on the case of its name (`xmlUrl`, `xmlURL`, `xmlurl`)."""
    return next((str(value).strip() for key, value in outline.attrib.items() if key.lower() == name.lower()), "")


def write(feeds: Iterable[Source], title: str = "Feeds") -> bytes:
    """An OPML document of these feeds, by group."""
    tree = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(tree, "head"), "title").text = title
    body = etree.SubElement(tree, "body")
    groups: dict[str, Any] = {"": body}
    for feed in feeds:
        if feed.group not in groups:
            groups[feed.group] = etree.SubElement(body, "outline", text=feed.group)
        groups[feed.group].append(element(feed))
    etree.indent(tree)
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True)) + b"\n"


def element(feed: Source) -> Any:
    """The outline of one feed."""
    made = etree.Element("outline", type="rss", text=feed.name, xmlUrl=feed.key)
    for name, value in (("htmlUrl", feed.home), ("language", feed.language)):
        if value:
            made.set(name, value)
    if feed.full_text != "auto":
        made.set("fullText", feed.full_text)
    return made


def _listing(tree: Any) -> Listing:
    found: list[Source] = []
    left_out: list[LeftOut] = []
    seen: dict[str, int] = {}
    for outline, address in outlines(tree):
        source = _source(outline, address)
        line = int(outline.sourceline)
        if source is None:
            left_out.append(LeftOut(line, plain.line(address, 200), "is no web address (http or https)"))
        elif (key := urls.canonical(source.key)) in seen:
            left_out.append(LeftOut(line, source.key, f"is listed twice: it stands in line {seen[key]} already"))
        else:
            seen[key] = line
            found.append(source)
    return Listing(tuple(found), tuple(left_out))


def _source(outline: Any, address: str) -> Source | None:
    url = urls.web_address(address)
    if url is None or _UNKNOWN in address:
        return None
    parent = outline.getparent()
    full_text = attribute(outline, "fullText").lower()
    return Source(
        kind="feed",
        key=url,
        name=_name(outline) or url.partition("://")[2],
        group=_name(parent) if etree.QName(parent).localname == "outline" else "",
        home=urls.web_address(attribute(outline, "htmlUrl")),
        language=items.language(attribute(outline, "language")),
        full_text=full_text if full_text in get_args(FullText) else "auto",  # type: ignore[arg-type]
    )


def _name(outline: Any) -> str:
    return plain.line(attribute(outline, "text") or attribute(outline, "title"), 200)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
