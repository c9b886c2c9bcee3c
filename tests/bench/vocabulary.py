"""Made-up words in many alphabets, drawn as often as words of a language are (Zipf–Mandelbrot)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

#: Searched for by the bench: in about fifty articles, in 15 % of them, and a phrase in 2 %.
RARE, COMMON, PHRASE = "quondrelith", "vellorin", "lantern quay accord"

_ONSETS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t th tr v w".split()
_VOWELS = "a e i o u ai ea ee io ou".split()
_CODAS = ["", "", "", "n", "r", "s", "t", "l", "nd", "st", "m", "ck"]
_FUNCTION = {
    "en": "the of to and a in for that on with is was by as it from at be said has have will not are but an which this "
    "would their its been were more who after they about up than over into also other could had new when one out",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er "
    "hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se il sont avec ce cette "
    "ont son mais comme ou si leur y être deux même aussi fait tout nous sa elle entre ces après sans dont",
    "ru": "и в не на что с по это как но к из у за от о же так для то все его до вы бы или при мы они было также был "
    "если после более между только когда год уже есть может быть их чем лет без",
}
_LETTERS = {
    "ru": [c + v for c in "бвгджзклмнпрстхчш" for v in "аеиоуыя"],
    "ko": [chr(0xAC00 + 28 * n) for n in range(0, 399, 2)],
    "zh": [chr(0x4E00 + 7 * n) for n in range(900)],
    "ja": [chr(c) for c in range(0x304B, 0x3090)] + [chr(0x4E00 + 11 * n) for n in range(300)],
}


@dataclass(frozen=True)
class Sentences:
    """Sentences of one language to make articles from. Each serves many articles: a million are made in minutes."""

    language: str
    words: list[tuple[str, ...]]  #: tuples: the garbage collector need not look into them
    texts: list[str]
    tones: list[float | None]  #: as VADER's without its rules: s/√(s² + 15); None where the language is not scored
    space: str  #: what stands between two words
    stop: str  #: what ends a sentence


def words(language: str, size: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Words, the most frequent first, and VADER's valence of each; English has words of its lexicon in it."""
    luck = random.Random(f"{seed} {language}")
    function = _FUNCTION.get(language, "").split()
    found = list(dict.fromkeys(function))
    known = {*found, RARE, COMMON, *PHRASE.split()}
    while len(found) < size:
        word = _word(language, luck)
        if word not in known:
            known.add(word)
            found.append(word)
    valences = np.zeros(size)
    if language == "en":
        _colour(found, valences, luck)
    return found, valences


def sentences(language: str, count: int, vocabulary: tuple[list[str], np.ndarray], seed: int) -> Sentences:
    """So many sentences, their words drawn as Zipf and Mandelbrot have it, their lengths as in English news."""
    drawn, valences = vocabulary
    luck = np.random.default_rng([seed, *language.encode()])
    # In English the n-th word's share is about 1 / (n + 2.7).
    shares = 1 / (np.arange(len(drawn)) + 2.7)
    lengths = np.clip(luck.lognormal(3.0, 0.45, count), 4, 70).astype(int)
    ends = np.cumsum(lengths)
    ids = np.searchsorted(np.cumsum(shares / shares.sum()), luck.random(int(ends[-1])))
    sums = np.add.reduceat(valences[ids], ends - lengths)
    tones = np.round(sums / np.sqrt(sums * sums + 15), 4).tolist() if language == "en" else [None] * count
    unspaced = language in ("zh", "ja")
    space, stop = ("", "。") if unspaced else (" ", ".")
    flat = [drawn[number] for number in ids.tolist()]
    cut = [tuple(flat[end - length : end]) for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]
    return Sentences(language, cut, [joined(said, space) + stop for said in cut], tones, space, stop)


def joined(said: Sequence[str], space: str) -> str:
    """Words as a sentence, without what ends it."""
    text = space.join(said)
    return text[0].upper() + text[1:]


def _word(language: str, luck: random.Random) -> str:
    if letters := _LETTERS.get(language):
        return "".join(luck.choices(letters, k=luck.choice((1, 2, 2, 3) if language in ("zh", "ja") else (2, 2, 3, 4))))
    syllables = luck.choice((1, 2, 2, 2, 3, 3, 4))
    return "".join(luck.choice(_ONSETS) + luck.choice(_VOWELS) for _ in range(syllables)) + luck.choice(_CODAS)


def _colour(words: list[str], valences: np.ndarray, luck: random.Random) -> None:
    """Puts words that VADER knows among the others: about one word in twenty-five, as in news."""
    lexicon = SentimentIntensityAnalyzer().lexicon
    plain = sorted(word for word, value in lexicon.items() if word.isalpha() and len(word) > 3 and abs(value) >= 1)
    ranks: dict[int, None] = {}
    while len(ranks) < 900:
        ranks[int(80 * (len(words) / 80) ** luck.random())] = None
    for rank, word in zip(ranks, luck.sample(plain, 900), strict=True):
        if rank < len(words):
            words[rank], valences[rank] = word, lexicon[word]
