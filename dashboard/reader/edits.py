"""What was changed in an article since it arrived: its edits, the newest first, sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

import streamlit as st

from dashboard.look import borders, words
from ingest.store.read.history import Version
from ingest.text import plain, sentences

#: Passages less alike than this (0 … 1) were replaced rather than edited: both are shown whole.
_SAME = 0.4
_WORD = re.compile(r"\s*\S+")
_OLD = "color:inherit;opacity:.7;text-decoration:line-through"
_NEW = "color:inherit;text-decoration:underline;text-decoration-thickness:2px;font-weight:600"
#: The style of a changed passage.
BLOCK = "line-height:1.6;max-width:42rem;overflow-wrap:anywhere;margin:0 0 .6rem"


def draw(versions: Sequence[Version], language: str) -> None:
    """An expander with every edit of an article; nothing for an article that was never edited."""
    if len(versions) < 2:
        return
    label = f"What changed in {words.count(len(versions) - 1, 'edit')}"

    @st.fragment  # compared when somebody looks, without a run of the page
    def listing() -> None:
        box = st.expander(label, icon=":material/history:", key="edits", on_change="rerun")
        if not box.open:
            return
        with box:
            for before, after in reversed(list(pairwise(versions))):
                st.markdown(f"**{words.day(after.at.date())} {after.at:%H:%M} UTC**")
                for detail in details(before, after):
                    st.caption(detail)
                for block in blocks(before, after, language):
                    st.html(f'<p style="{BLOCK}">{block}</p>')
            st.caption(f"First seen {words.day(versions[0].at.date())} {versions[0].at:%H:%M} UTC.")

    listing()


def details(before: Version, after: Version) -> list[str]:
    """Changes of author, address and date, a line each, as Markdown."""
    pairs = (
        ("Author", before.author, after.author),
        ("Address", before.link, after.link),
        ("Date", f"{before.published_at:%Y-%m-%d %H:%M} UTC", f"{after.published_at:%Y-%m-%d %H:%M} UTC"),
    )
    return [
        f"{name}: {borders.markdown(old or 'none')} → {borders.markdown(new or 'none')}"
        for name, old, new in pairs
        if old != new
    ]


def blocks(before: Version, after: Version, language: str) -> list[str]:
    """The sentences that were removed, added or rewritten, as HTML; the article's text is escaped."""
    return list(_blocks(_sentences(before, language), _sentences(after, language)))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            continue
        was, now = " ".join(old[i:j]), " ".join(new[k:m])
        yield from _rewritten(was, now) if was and now else [_marked("del", was) or _marked("ins", now)]


def _rewritten(was: str, now: str) -> Iterator[str]:
    old, new = _WORD.findall(was), _WORD.findall(now)
    matcher = SequenceMatcher(None, old, new)
    if matcher.ratio() < _SAME:
        yield _marked("del", was)
        yield _marked("ins", now)
        return
    pieces = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(borders.html("".join(old[i:j])))
        else:
            pieces += [_marked("del", "".join(old[i:j])), _marked("ins", "".join(new[k:m]))]
    yield "".join(pieces)


def _marked(tag: str, text: str) -> str:
    bare = text.lstrip()
    if not bare:
        return ""
    # Screen readers rarely announce these tags, so the title does.
    label, style = ("taken out", _OLD) if tag == "del" else ("put in", _NEW)
    return f'{" " * (bare != text)}<{tag} style="{style}" title="{label}">{borders.html(bare)}</{tag}>'


def _sentences(version: Version, language: str) -> list[str]:
    whole = plain.joined(version.title, version.body)
    return [whole[start:end] for start, end in sentences.split(whole, version.title, language)]
