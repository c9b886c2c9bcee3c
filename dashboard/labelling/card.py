"""A mention to be labelled, as HTML: the name marked, the neighbouring sentences muted."""

from __future__ import annotations

from dashboard.look import borders, palette
from ingest.store.read.labels import Passage

#: Longest text on each side of the name, and of a neighbour, in characters: broken sources have endless sentences.
_AROUND, _NEIGHBOUR = 450, 350


def html(passage: Passage, theme: palette.Theme) -> str:
    """The card as HTML. All text is escaped; `…` marks where it was cut."""
    lead = max(0, passage.start - _AROUND)
    stop = min(passage.end, passage.start + _AROUND)
    trail = min(len(passage.sentence), stop + _AROUND)
    before, name, after = (
        borders.html(passage.sentence[part])
        for part in (slice(lead, passage.start), slice(passage.start, stop), slice(stop, trail))
    )
    mark = f"background:{theme.accent_background};color:{theme.accent};padding:0 .2em;border-radius:.2em"
    lost, rest = "…" * (lead > 0), "…" * (trail < len(passage.sentence))
    sentence = f'{lost}{before}<mark style="{mark}"><b>{name}</b></mark>{after}{rest}'
    earlier, later = passage.before[-_NEIGHBOUR:], passage.after[:_NEIGHBOUR]
    lost, rest = "…" * (len(earlier) < len(passage.before)), "…" * (len(later) < len(passage.after))
    muted = f'<span style="color:{theme.muted}">{{}}</span>'
    pieces = [muted.format(lost + borders.html(earlier)), sentence, muted.format(borders.html(later) + rest)]
    style = "max-width:42rem;line-height:1.7;font-size:1.125rem;overflow-wrap:anywhere"
    return f'<div style="{style}">{" ".join(pieces)}</div>'
