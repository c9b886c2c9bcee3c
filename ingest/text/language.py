"""The language of a text, as a two-letter code."""

from __future__ import annotations

import re
from functools import cache

#: Characters looked at; a whole article takes fourteen times as long, with the same result.
_SAMPLE = 500
#: With fewer characters the guess is worse than what the feed declares.
_ENOUGH = 200
#: The languages that policy news is likely to be in. The classifier's full list of 97 takes "Ok" for Ganda.
_LIKELY = (
    "ar bg bn cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv sw ta th tl "
    "tr uk ur vi zh"
).split()

_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff]")
_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u3400-\u9fff]")

#: The languages in which sentences are scored.
SCORED = frozenset({"en"})


def detect(text: str, declared: str | None = None) -> str:
    """The language of a text, as two letters; for a short text, the one that feed or front matter declares."""
    sample = text[:_SAMPLE]
    letters = sum(character.isalpha() for character in sample)
    if letters == 0:
        return declared or "en"
    # A script is better evidence than statistics.
    if len(_HANGUL.findall(sample)) > 0.3 * letters:
        return "ko"
    if len(_KANA.findall(sample)) > 0.1 * letters:
        return "ja"
    if len(_HAN.findall(sample)) > 0.3 * letters:
        return "zh"
    if declared and len(sample) < _ENOUGH:
        return declared
    if len(sample.split()) < 4 and sample.isascii():
        return declared or "en"
    return str(_classifier()(sample.lower() if sample.isupper() else sample)[0])


@cache
def _classifier():  # type: ignore[no-untyped-def]
    import py3langid  # loading its model takes most of a second

    py3langid.set_languages(_LIKELY)
    return py3langid.classify
