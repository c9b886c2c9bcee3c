"""The tone of each mention in an article: both scorers, the confidence, and the words it depends on."""

from __future__ import annotations

from functools import cache
from operator import attrgetter, setitem

import streamlit as st

from dashboard.look import borders, words
from dashboard.parts import evidence
from dashboard.state.page import Page
from ingest import settings
from ingest.errors import IngestError
from ingest.models import Analysis, Mention, label_of
from ingest.store.read.articles import FullArticle
from ingest.tone import Scorer, Target, scorers
from ingest.tone.explain import leave_one_out

#: Mentions shown at first.
_SHOWN = 12
#: Scorers that differ by this much, with different labels, disagree.
_DISAGREE = 0.5


def draw(page: Page, article: FullArticle) -> None:
    """An expander with the tone of each mention; nothing if none is scored."""
    scored = [mention for mention in article.analysis.mentions if mention.tone_rule is not None]
    if not scored:
        return
    apart = sum(map(disagree, scored))
    note = f", on {apart} the scorers disagree" if apart else ""
    label, key = f"Tone of {words.count(len(scored), 'mention')}{note}", f"tones-{article.headline.uid}"

    @st.fragment  # made when somebody looks, without a run of the page
    def listing() -> None:
        box = st.expander(label, icon=":material/balance:", key=f"{key}-box", on_change="rerun")
        if not box.open:
            return
        with box:
            st.caption(
                "Tone toward the one in bold, −1 to 1, and how likely its label is right. Words in orange and blue "
                "moved the rule's tone down and up."
            )
            shown = scored if st.session_state.get(key) else scored[:_SHOWN]
            for mention in shown:
                _mention(page, article, mention)
            if len(shown) < len(scored):
                args = (st.session_state, key, True)
                st.button(f"Show all {len(scored)}", key=f"{key}-all", on_click=setitem, args=args)

    listing()


def disagree(mention: Mention) -> bool:
    """Whether one of rule and encoder says negative, the other positive, and they differ by `_DISAGREE` or more."""
    rule, encoder = mention.tone_rule, mention.tone_encoder
    if rule is None or encoder is None:
        return False
    return {label_of(rule), label_of(encoder)} == {"negative", "positive"} and abs(rule - encoder) >= _DISAGREE


def _mention(page: Page, article: FullArticle, mention: Mention) -> None:
    target = _target(article, mention)
    st.markdown(evidence.marked(target.sentence, target.start, target.end, mention.because))
    badge = "" if mention.tone is None else evidence.tone_badge(mention.tone, mention.label)
    by_both = [badge, f"rule {words.signed(mention.tone_rule)}"]
    parts = [borders.markdown(page.names.get(mention.figure, mention.figure))]
    parts += [f"rule {badge}"] if mention.tone_encoder is None else by_both
    if mention.confidence is not None:
        parts.insert(2, f"{mention.label}, {words.share(mention.confidence)} sure")
    if disagree(mention):
        parts.append(":material/warning: they disagree")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":small[{' · '.join(parts)}]", width="stretch")
        if mention.tone_encoder is not None:
            with st.popover("Why?", type="tertiary", help="Which words decide the encoder's answer"):
                asked = _target(article, asked_for(article.analysis, mention))
                _why(asked, article.scorer, f"why-{article.headline.uid}-{mention.start}")


def asked_for(analysis: Analysis, mention: Mention) -> Mention:
    """The mention for which the encoder gave this one's tone: the first of the sentence that is of the same kind.

    Older analyses have an answer for each, so it is the first with that tone.
    """
    facts = attrgetter("sentence", "figure", "kind", "tone_encoder")
    return next(each for each in analysis.mentions if facts(each) == facts(mention))


def _target(article: FullArticle, mention: Mention) -> Target:
    span = article.analysis.sentences[mention.sentence]
    sentence = article.text[span.start : span.end]
    return Target(sentence, mention.start - span.start, min(mention.end, span.end) - span.start, mention.kind)


def _why(target: Target, made_by: str, key: str) -> None:
    """Scores the sentence again without each of its words, when asked to."""
    if not st.button("Leave out each word once, and look", key=key):
        return
    try:
        encoder = _encoder(settings.load().tone)
        cues = leave_one_out(encoder, target)
    except IngestError as error:
        st.error(borders.markdown(str(error)))
        return
    if not made_by.endswith(encoder.name):
        st.caption(f"{borders.markdown(encoder.name)} answers here, but another model gave the tone.")
    if not cues:
        st.write("No single word moves it.")
    for cue in cues:
        direction = "raises" if cue.weight > 0 else "lowers"
        st.markdown(f"**{borders.markdown(cue.word)}** {direction} it by {abs(cue.weight):.2f}")


@cache
def _encoder(name: str) -> Scorer:
    # Loaded when first asked for: it takes 110 MB, and most dashboards never need it.
    return scorers.by_name("encoder" if name == "rule" else name)
