"""The words of a text as the full-text index knows them, made once in Python for every database."""

from __future__ import annotations

import re
import unicodedata

# Scripts that part no words: indexed as pairs of characters, so that a word is found inside a longer one.
_UNSPACED = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_])+(?:['.](?:(?![{_UNSPACED}])[^\W_])+)*")
_UNSPACED_RUN = re.compile(rf"[{_UNSPACED}]")
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "‘": "'", "＇": "'"})


def words(text: str) -> list[str]:
    """The words of a text, in order.

    NFKC, case folded; an apostrophe or a dot inside a word stays (`u.s`, `o'neill`), a possessive `'s` goes; runs
    of Chinese, Japanese or Korean become overlapping pairs of characters. No stemming.
    """
    folded = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()
    found: list[str] = []
    for match in _WORD.finditer(folded):
        word = match.group()
        if _UNSPACED_RUN.match(word):
            found.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.append(word.removesuffix("'s"))
    return found
