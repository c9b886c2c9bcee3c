"""Stories: which texts are reprints of one text, in the record and out of it."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from dashboard.model.follower import Follower
from dashboard.numbers import queries
from dashboard.numbers.scope import held
from dashboard.view import View
from ingest.analyser import Analyser
from ingest.models import Entry, Source
from ingest.store import record, schema
from ingest.store.read import articles
from ingest.store.read import reprints as listed
from ingest.store.read.filters import Copies, Filters
from ingest.store.read.sources import automatic
from ingest.store.write import stories as kept
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring
from ingest.text import signatures
from tests.helpers import reprints
from tests.helpers.desk import utc
from tests.helpers.reprints import Pair

NOON = utc(2026, 3, 2, 12)
OUTLETS = tuple(
    Source(kind="feed", key=f"http://{name}.test/rss", name=name.title()) for name in ("west", "east", "north")
)
WEST, EAST, NORTH = OUTLETS

WIRE = """The ministers of nine coastal states agreed on Monday to open their harbours to grain ships again.

“We have kept the lights on in the granaries all winter, and now the grain can leave,” said Ida Stone, who led them.

Insurers had asked for a safe lane since November, when a freighter ran onto a mine off the northern lighthouse.

The agreement runs for one hundred days and can be prolonged by letter. Two states wanted a shorter term.

Prices of bread wheat fell by four per cent within an hour, the steepest drop since the harvest of the year before."""
OTHER = """A strike of tram drivers brought the capital to a halt on Tuesday morning.

Commuters walked across the frozen river or waited for taxis that did not come, while schools opened two hours late.

The union asks for shorter night shifts and for heated cabins; the city says that it has offered both since autumn.

A mediator who settled the dispute of the bakers three years ago was called in and hopes for an end by Sunday."""
CHINESE = (
    "九个沿海国家的部长周一同意重新向粮船开放港口。谈判代表说，粮仓整个冬天都亮着灯，现在粮食可以离开了。"
    "保险公司从十一月起就要求设立安全航道，当时一艘货轮在北部灯塔附近触雷。协议有效期为一百天，可以通过信函延长。"
)


def judged(pair: Pair) -> bool:
    """Whether a pair is found in the record and taken for copies."""
    both = (signatures.signature(pair.one), signatures.signature(pair.other))
    if not all(both):
        return False
    one, other = map(signatures.read, both)
    shared = len({*one.keys} & {*other.keys})
    return shared >= signatures.COMMON_KEYS and signatures.copies(one, other, one_outlet=pair.one_outlet)


def shares(pairs: Sequence[Pair]) -> dict[str, float]:
    """Of each kind of pair how many are taken for copies."""
    yes, of = Counter(pair.kind for pair in pairs if judged(pair)), Counter(pair.kind for pair in pairs)
    return {kind: yes[kind] / of[kind] for kind in of}


# -- two texts ----------------------------------------------------------------------------------------------------


def test_edited_copies_are_found_and_what_only_looks_alike_is_not() -> None:
    found = shares(reprints.copies(11, 25))
    assert found.pop("one word in ten edited") >= 0.9
    assert min(found.values()) >= 0.97, found
    found = shares(reprints.others(11, 25))
    assert sum(found.values()) / len(found) <= 0.01, found


def test_a_teaser_is_a_copy_of_its_text() -> None:
    luck = random.Random(3)
    texts = ["\n\n".join(reprints.paragraphs(luck, 500)) for _ in range(30)]
    found = [judged(Pair("teaser", text, " ".join(text.split()[: luck.randint(35, 60)]))) for text in texts]
    assert sum(found) >= 25


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Talks went on.",
        "Watch the video of our reporter at the harbour and tell us what you think of it.",
        "雨。" * 9,
    ],
)
def test_what_has_too_few_words_has_no_copies(body: str) -> None:
    assert signatures.signature(body) == b""


def test_one_sentence_again_and_again_is_no_text() -> None:
    assert signatures.signature("It rained. " * 5_000) == b""


def test_case_quotes_and_layout_are_no_difference() -> None:
    plain = WIRE.replace("“", '"').replace("”", '"').replace("\n\n", " ").upper()
    assert signatures.signature(plain) == signatures.signature(WIRE)


def test_reprints_are_found_in_scripts_without_spaces() -> None:
    edited = CHINESE.replace("周一", "星期一").replace("一百天", "三个月")
    other = "电车司机罢工使首都周二上午陷入瘫痪。通勤者走过结冰的河流，或者等待不来的出租车，学校推迟两小时开门。" * 2
    assert judged(Pair("zh", CHINESE, edited))
    assert not judged(Pair("zh", CHINESE, other))
    korean = "아홉 연안국 장관들은 월요일에 곡물 선박에 다시 항구를 열기로 합의했다. " + " ".join(
        f"협상 {number}번째 날에 대표단은 등대 앞바다의 안전 항로를 논의했다." for number in range(1, 7)
    )
    assert judged(Pair("ko", korean, korean.replace("월요일에", "지난 월요일에")))


def test_a_signature_is_the_same_on_every_machine() -> None:
    assert (
        hashlib.sha256(signatures.signature(WIRE) + signatures.signature(CHINESE)).hexdigest()[:16]
        == "61817f90fbd29dbc"
    )


@pytest.mark.parametrize(
    "body", ["word " * 200_000, "".join(chr(0x4E00 + n * 7 % 9_000) for n in range(300_000)), "a" * 10**6]
)
def test_a_signature_of_a_monster_is_short_and_soon_there(body: str) -> None:
    assert len(signatures.signature(body)) < 5_000


# -- in the record ------------------------------------------------------------------------------------------------


def entry(
    key: str, title: str = "Grain ships may leave", body: str = WIRE, at: datetime = NOON, **other: object
) -> Entry:
    return Entry(
        source="s", title=title, body=body, keys=(f"guid:{key}",), text_kind="full", language="en", published=at,
        published_from="feed", **other,  # type: ignore[arg-type]
    )  # fmt: skip


@dataclass
class Archivist:
    """Stores entries of outlets and says of which story each article is."""

    engine: Engine
    analyser: Analyser
    now: datetime = NOON

    def store(self, *given: tuple[Source, Entry]) -> None:
        """In one commit."""
        with record.writing(self.engine) as connection:
            commit = Commit(connection, self.now, "a test")
            scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
            groups = [(commit.source(outlet), outlet, [self.analyser.article(of, self.now)]) for outlet, of in given]
            commit.many(groups, scoring=scoring)

    def stories(self, as_of: int | None = None) -> list[int]:
        """The story of each article, by number, in the order of arrival."""
        analysis = schema.analysis.c
        live = (
            analysis.rev_to.is_(None)
            if as_of is None
            else (analysis.rev_from <= as_of) & (analysis.rev_to.is_(None) | (analysis.rev_to > as_of))
        )
        with self.engine.connect() as connection:
            return list(
                connection.execute(select(analysis.story_id).where(live).order_by(analysis.article_id)).scalars()
            )

    def rows(self) -> list[tuple[object, ...]]:
        """All that the current analyses say but for their stories."""
        analysis, mention, topic = schema.analysis.c, schema.mention.c, schema.analysis_topic.c
        found: list[tuple[object, ...]] = []
        with self.engine.connect() as connection:
            for question in (
                select(analysis.article_id, analysis.tone, analysis.words, schema.analysis_sentences.c.spans).join(
                    schema.analysis_sentences, schema.analysis_sentences.c.analysis_id == analysis.id
                ),
                select(mention.article_id, mention.figure, mention.start, mention.because, mention.tone_rule).join(
                    schema.analysis, analysis.id == mention.analysis_id
                ),
                select(topic.article_id, topic.topic, topic.words).join(
                    schema.analysis, analysis.id == topic.analysis_id
                ),
            ):
                current = connection.execute(question.where(analysis.rev_to.is_(None)))
                found += sorted((tuple(row) for row in current), key=repr)
        return found

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one())

    def uids(self) -> list[str]:
        """The uid of each article's story."""
        analysis = schema.analysis
        with self.engine.connect() as connection:
            question = select(schema.story.c.uid).join(analysis, analysis.c.story_id == schema.story.c.id)
            return list(
                connection.execute(
                    question.where(analysis.c.rev_to.is_(None)).order_by(analysis.c.article_id)
                ).scalars()
            )


@pytest.fixture
def archive(engine: Engine, analyser: Analyser) -> Archivist:
    return Archivist(engine, analyser)


def test_a_reprint_with_another_headline_and_byline_joins_the_story(archive: Archivist) -> None:
    archive.store((WEST, entry("1")))
    archive.store((EAST, entry("1", "Harbours reopen", f"By Our Correspondent\n\n{WIRE}", NOON + timedelta(days=2))))
    archive.store((NORTH, entry("1", body=OTHER)))
    first, second, third = archive.stories()
    assert first == second != third
    assert archive.count("story") == 2
    assert archive.count("signature") == 2, "what says the same is kept once"


def test_copies_in_one_commit_are_one_story_whatever_their_number(archive: Archivist) -> None:
    archive.store(
        *[(outlet, entry(str(n))) for n in range(4) for outlet in OUTLETS], (WEST, entry("other", body=OTHER))
    )
    assert sorted(Counter(archive.stories()).values()) == [1, 12]
    assert archive.count("story") == 2


def test_one_title_is_no_reprint(archive: Archivist) -> None:
    archive.store(
        (WEST, entry("1")), (EAST, entry("1", body=OTHER)), (NORTH, entry("1", body="")), (WEST, entry("2", body=""))
    )
    assert len(set(archive.stories())) == 4


def test_the_same_corpus_gives_the_same_uids_in_every_record(archive: Archivist, tmp_path: Path) -> None:
    other = Archivist(record.open_engine(f"sqlite:///{tmp_path}/other.db"), archive.analyser, utc(2027, 1, 1))
    other.store((NORTH, entry("before", body=OTHER)))
    arrivals = [(WEST, entry("1")), (EAST, entry("1")), (NORTH, entry("2", body=OTHER[:300]))]
    other.store(*arrivals)
    for arrival in arrivals:
        archive.store(arrival)
    assert archive.uids()[:2] == other.uids()[1:3]
    other.engine.dispose()


def test_what_is_printed_again_after_weeks_is_a_story_of_its_own(archive: Archivist) -> None:
    for days in (0, kept.WINDOW, 2 * kept.WINDOW + 1):
        archive.store((OUTLETS[days % 3], entry(str(days), at=NOON + timedelta(days=days))))
    first, second, third = archive.stories()
    assert first == second != third


def test_a_copy_of_two_stories_joins_the_older_one(archive: Archivist) -> None:
    archive.store((WEST, entry("1")), (EAST, entry("1", body=OTHER)), (NORTH, entry("1", body=f"{OTHER}\n\n{WIRE}")))
    first, second, both = archive.stories()
    assert first != second
    assert both == first


def test_an_edit_that_makes_a_copy_joins_and_the_past_stays(archive: Archivist) -> None:
    archive.store((WEST, entry("1")))
    archive.store((EAST, entry("1", body="It is not known yet.")))
    archive.store((EAST, entry("1", body=WIRE)))
    assert archive.stories(2) == [1, 2]
    assert archive.stories() == [1, 1]


def test_an_edit_that_says_something_else_leaves_for_a_story_of_its_own_and_may_come_back(archive: Archivist) -> None:
    archive.store((WEST, entry("1")), (EAST, entry("1")))
    home = archive.uids()[0]
    archive.store((WEST, entry("1", body=OTHER)))
    first, second = archive.uids()
    assert second == home != first, "the copy stays where it is"
    archive.store((WEST, entry("1", body=WIRE)))
    assert archive.uids() == [home, home]
    archive.store((WEST, entry("1", body=OTHER)))
    assert archive.uids() == [first, home], "and leaves for the same one"


def test_a_lone_article_keeps_its_story_whatever_it_says(archive: Archivist) -> None:
    archive.store((WEST, entry("1")))
    for body in (OTHER, "Removed.", WIRE):
        archive.store((WEST, entry("1", body=body)))
    assert archive.stories() == [1]
    assert archive.count("story") == 1


def test_a_footer_that_all_articles_have_joins_none_of_them(archive: Archivist) -> None:
    luck = random.Random(2)
    footer = reprints.FOOTERS[0]
    for outlet in (WEST, WEST, EAST, NORTH):
        bodies = ["\n\n".join([*reprints.paragraphs(luck, 60), footer]) for _ in range(5)]
        archive.store(*[(outlet, entry(str(luck.random()), body=body)) for body in bodies])
    assert len(set(archive.stories())) == 20
    key = schema.signature_key.c
    with archive.engine.connect() as connection:
        most = select(func.count(key.signature_id)).group_by(key.key).order_by(func.count().desc()).limit(1)
        assert connection.execute(most).scalar_one() <= 4, "what all have is not kept for all"


def test_signatures_go_when_nothing_copies_them_any_more(archive: Archivist) -> None:
    archive.store((WEST, entry("1")), (EAST, entry("1", body=OTHER)))
    archive.now += timedelta(days=29)
    archive.store((NORTH, entry("1", at=archive.now)))
    assert archive.count("signature") == 1
    with archive.engine.connect() as connection:
        assert set(connection.execute(select(schema.signature_key.c.signature_id)).scalars()) == {3}


# -- in the dashboard ---------------------------------------------------------------------------------------------


def test_copies_count_once_live_and_as_of_then(archive: Archivist) -> None:
    model = Follower(archive.engine)
    archive.store((WEST, entry("1", body=f"Ada Quill was happy.\n\n{WIRE}")), (EAST, entry("2", body=OTHER)))
    model.catch_up()

    def counted(copies: Copies, as_of: int | None = None) -> tuple[int, int]:
        """Articles, in the read model and in the record."""
        filters = Filters(copies=copies, as_of=as_of, since=NOON.date(), until=NOON.date() + timedelta(days=9))
        with archive.engine.connect() as connection:
            filters = replace(filters, sources=tuple(automatic(connection)))
            view = View(filters=filters, bin="day", measure="share", today=NOON.date() + timedelta(days=9), lines=())
            listed = articles.headlines(connection, filters)
        return queries.total(model.snapshot, view), len(listed)

    def alone() -> list[bool]:
        current = model.snapshot.articles.all().filter(held(model.revision))
        return current.sort("id")["alone"].to_list()

    assert counted("once") == counted("all") == (2, 2)
    assert alone() == [True, True]
    archive.store((NORTH, entry("3", "Ships", f"Ada Quill was happy.\n\n{WIRE}")))
    model.catch_up()
    assert (counted("all"), counted("once")) == ((3, 3), (2, 2))
    assert alone() == [False, True, False], "the first one is no longer alone in its story"
    archive.store((NORTH, entry("3", "Ships", "Ada Quill was happy. It rained.")))
    model.catch_up()
    assert (counted("all"), counted("once")) == ((3, 3), (3, 3))
    assert counted("once", as_of=2) == (2, 2)
    fresh = Follower(archive.engine)
    fresh.catch_up()
    assert fresh.snapshot.articles.all()["story"].n_unique() == 3


def test_copies_are_listed_the_first_of_them_marked(archive: Archivist) -> None:
    archive.store((WEST, entry("1")), (EAST, entry("2", body=OTHER)), (NORTH, entry("3", "Ships")))
    with archive.engine.connect() as connection:
        of_third, many = listed.copies(connection, 3, most=5)
        of_first, _ = listed.copies(connection, 1, most=5)
        assert listed.copies(connection, 2, most=5) == ([], 0)
        assert listed.body(connection, of_first[0].content_id) == WIRE
        uids = listed.stories_of(connection, [1, 2, 3])
    assert [(copy.source, copy.first) for copy in of_third] == [("West", True)]
    assert [(copy.title, copy.first) for copy in of_first] == [("Ships", False)]
    assert many == 1
    assert uids[1] == uids[3] != uids[2]
