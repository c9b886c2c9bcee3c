"""The list of feeds, as OPML."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from ingest import items, text, urls
from ingest.errors import ConfigFileError
from ingest.models import Source

log = logging.getLogger(__name__)

#: Thousands of feeds fit; what is larger is no list of feeds.
MAX_BYTES = 5_000_000


def read(path: Path) -> list[Source]:
    """The feeds of an OPML file in its order, each address once; a feed's group is the outline around it.

    Outlines with addresses that are none are left out, and said in the log. Raises ConfigFileError, naming file
    and line, for a file that can't be read.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigFileError(f"{path} can't be read ({error.strerror}).") from error
    if len(body) > MAX_BYTES:
        raise ConfigFileError(f"{path} is larger than {MAX_BYTES / 1e6:g} MB: that is no list of feeds.")
    found: list[Source] = []
    seen: set[str] = set()
    for outline in _root(body, path).iter("{*}outline"):
        address = _attribute(outline, "xmlUrl")
        if not address:
            continue
        source = _source(outline, address)
        if source is None:
            log.warning(
                "%s, line %s: %s is no web address, left out", path, outline.sourceline, text.line(address, 200)
            )
        elif (key := urls.canonical(source.key)) in seen:
            log.info("%s, line %s: %s is listed twice, left out", path, outline.sourceline, source.key)
        else:
            seen.add(key)
            found.append(source)
    return found


def _root(body: bytes, path: Path) -> Any:
    # Entities in attributes are expanded whatever the parser is told, and no list of feeds needs any.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ConfigFileError(
            f"{path} has a DOCTYPE, which can hide a bomb. Delete the line that begins with <!DOCTYPE."
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise ConfigFileError(
            f"{path}, line {line}: this is no OPML ({text.line(error.msg or 'empty', 150)})."
        ) from error
    if root.getroottree().docinfo.doctype:
        raise ConfigFileError(f"{path} has a DOCTYPE, which can hide a bomb. Save it as UTF-8 without one.")
    if etree.QName(root).localname.lower() != "opml":
        raise ConfigFileError(f"{path}, line {root.sourceline}: this is no OPML but <{etree.QName(root).localname}>.")
    return root


def _source(outline: Any, address: str) -> Source | None:
    url = urls.web_address(address)
    if url is None:
        return None
    parent = outline.getparent()
    return Source(
        kind="feed",
        key=url,
        name=_name(outline) or url.partition("://")[2],
        group=_name(parent) if etree.QName(parent).localname == "outline" else "",
        home=urls.web_address(_attribute(outline, "htmlUrl")),
        language=items.language(_attribute(outline, "language")),
    )


def _name(outline: Any) -> str:
    return text.line(_attribute(outline, "text") or _attribute(outline, "title"), 200)


def _attribute(outline: Any, name: str) -> str:
    """An attribute's value; programs disagree on the case of its name (`xmlUrl`, `xmlURL`, `xmlurl`)."""
    for key, value in outline.attrib.items():
        if key.lower() == name.lower():
            return str(value).strip()
    return ""
