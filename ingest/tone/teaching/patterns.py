"""Makes labelled sentences from patterns, for what labelled news lacks: quotations, headlines, who did what.

A network trained on news alone takes a harsh quotation for harshness toward its speaker. The patterns and words are
this project's own; `{a}` and `{b}` are names, and the two signs after a pattern are the tones toward them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from ingest.models import Label
from ingest.tone.labelled import Labelled

_NAMES = (
    "Adebayo, Maria Keller, Okafor, Senator Whitlock, Tanaka, Ingrid Solberg, President Duarte, Haddad, Novak, "
    "Lindqvist, Prime Minister Rao, Petrenko, Castellanos, Governor Mills, Yamada, Elena Marchetti, Mr. Osei, "
    "Minister Falk, Choi, Kovalenko, Mrs. Trent, Secretary Boyd, Abubakar, Laurent, Zhang, General Pike, Ms. "
    "Arslan, Fernandes, Chancellor Brandt, Walker, Nguyen, Sadiq, Trump, Biden, Merkel, Putin, Obama, Macron, "
    "Modi, Johnson, Clinton, Netanyahu, Erdogan, Lula, Kim, Xi"
).split(", ")
_BAD = (
    "a disaster, a liar, a coward, unfit for office, a threat to the country, corrupt, a disgrace, incompetent, "
    "weak, out of his depth, a fraud, reckless, the worst we have had, a danger to peace, dishonest, a failure, "
    "cruel"
).split(", ")
_GOOD = (
    "a true leader, a hero, the right choice, a man of his word, honest, brave, an inspiration, a friend of this "
    "country, the best we have had, wise, a gift to the party, trustworthy, a patient negotiator, an excellent "
    "minister"
).split(", ")
_BAD_DEED = (
    "betraying allies, lying to parliament, hiding the report, wasting public money, taking bribes, ignoring the "
    "famine, breaking the law, stoking hatred, abandoning the hostages, rigging the vote"
).split(", ")
_GOOD_DEED = (
    "ending the siege, saving thousands of jobs, keeping his promise, standing by the victims, brokering the "
    "truce, rebuilding the port, telling the truth under pressure, opening the archives"
).split(", ")
_TOPIC = (
    "the budget, the border talks, the summit, the harvest, trade, the new railway, the election, the treaty, "
    "energy prices"
).split(", ")

#: Pattern, tone toward a, tone toward b. {bad} and {good} end "is …", {crime} and {merit} end "of …".
_PATTERNS: tuple[tuple[str, str, str], ...] = (
    ("“{b} is {bad},” {a} said.", "0", "-"),
    ("“{b} is {bad},” said {a}.", "0", "-"),
    ('"{b} is {bad}," {a} told reporters after the vote.', "0", "-"),
    ("{a} said: “{b} is {bad}.”", "0", "-"),
    ("{b} is {bad}, {a} said on Tuesday.", "0", "-"),
    ("{a} says {b} is {bad}", "0", "-"),
    ("{a}: {b} is {bad}", "0", "-"),
    ("{a} called {b} {bad}.", "0", "-"),
    ("Asked about {topic}, {a} said {b} was {bad}.", "0", "-"),
    ("“{b} is {good},” {a} said.", "0", "+"),
    ('"{b} is {good}," said {a} at the rally.', "0", "+"),
    ("{a} said: “{b} is {good}.”", "0", "+"),
    ("{a} called {b} {good}.", "0", "+"),
    ("{a} told the paper that {b} was {good}.", "0", "+"),
    ("{b} was accused by {a} of {crime}.", "0", "-"),
    ("{a} accused {b} of {crime}.", "0", "-"),
    ("{a} ACCUSES {b} OF {CRIME}", "0", "-"),
    ("{b}, accused of {crime}, met {a} to discuss {topic}.", "0", "-"),
    ("{a} praised {b} for {merit}.", "0", "+"),
    ("{b} was praised by {a} for {merit}.", "0", "+"),
    ("{a} thanked {b} for {merit}.", "0", "+"),
    ("{a} PRAISES {b} FOR {MERIT}", "0", "+"),
    ("{a} mocked {b} over {topic}.", "0", "-"),
    ("{a} attacked {b} over {topic}", "0", "-"),
    ("{a} defended {b} against the charge of {crime}.", "0", "+"),
    ("{a} met {b} on Monday to discuss {topic}.", "0", "0"),
    ("{a} and {b} spoke by telephone about {topic}.", "0", "0"),
    ("{a} to meet {b} for talks on {topic}", "0", "0"),
    ("{a} TO MEET {b} FOR TALKS", "0", "0"),
    ("{a} arrived in the capital, where {b} lives.", "0", "0"),
    ("{a} mourned the victims of the terrible attack, and {b} sent a letter.", "0", "0"),
    ("{a} warned that the war could get worse; {b} did not comment.", "0", "0"),
    ("{a} condemned the deadly bombing after a call with {b}.", "0", "0"),
    ("{a} did not call {b} {bad}.", "0", "0"),
    ("{a} did not say whether {b} was {good}.", "0", "0"),
    ("Unlike {a}, {b} refused to apologize for {crime}.", "+", "-"),
    ("Critics say {b} is {bad}; {a} has not taken sides.", "0", "-"),
    ("Supporters of {b} say that he is {good}, while {a} stays silent.", "0", "+"),
    ("The court sided with {a} against {b}.", "+", "-"),
    ("A judge ruled that {b} was guilty of {crime}, {a} reported.", "0", "-"),
    ("Nobody doubts that {b} is {good}, {a} wrote.", "0", "+"),
    ("Under {b}, whom {a} will succeed, the ministry failed at {topic}.", "0", "-"),
    ("{b} won applause for {merit} before {a} took the floor.", "0", "+"),
    ("{a} laughed when he was asked about {b}.", "0", "-"),
)
_TONE: dict[str, Label] = {"-": "negative", "0": "neutral", "+": "positive"}


def sentences(count: int, seed: int) -> Iterator[Labelled]:
    """`count` labelled targets, each in a sentence of its own; the same for the same seed."""
    rng = random.Random(seed)
    for number in range(count):
        pattern, toward_a, toward_b = _PATTERNS[number % len(_PATTERNS)]
        a, b = rng.sample(_NAMES, 2)
        crime, merit = rng.choice(_BAD_DEED), rng.choice(_GOOD_DEED)
        if pattern.isupper() or "{CRIME}" in pattern or "{MERIT}" in pattern or pattern.startswith("{a} TO"):
            a, b = a.upper(), b.upper()
        filled = pattern.replace("{bad}", rng.choice(_BAD)).replace("{good}", rng.choice(_GOOD))
        filled = filled.replace("{crime}", crime).replace("{merit}", merit).replace("{topic}", rng.choice(_TOPIC))
        filled = filled.replace("{CRIME}", crime.upper()).replace("{MERIT}", merit.upper())
        which, name, other, tone = rng.choice((("{a}", a, b, toward_a), ("{b}", b, a, toward_b)))
        at = filled.index(which)
        before, after = filled[:at], filled[at + 3 :]
        rest = "{b}" if which == "{a}" else "{a}"
        before, after = before.replace(rest, other), after.replace(rest, other)
        yield Labelled(f"{before}{name}{after}", len(before), len(before) + len(name), _TONE[tone])
