"""The files that ship: watch-list, topics, feeds, demo articles. The sentences are written for these tests."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.analyser import Analyser
from ingest.formats.article import article_file
from ingest.models import Analysis, Entry
from ingest.settings import PROJECT
from ingest.sources import opml
from ingest.watchlist import figures, topics
from ingest.watchlist.lists import Watchlist
from ingest.watchlist.names import fold

SEEDS = PROJECT / "seeds"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIGURES = figures.load(SEEDS / "figures.toml")
TOPICS = topics.load(SEEDS / "topics.toml")
ANALYSER = Analyser(Watchlist(tuple(FIGURES), tuple(TOPICS)))
DEMO = sorted((SEEDS / "demo").glob("*.md"))


def _analysis(body: str, day: str = "2025-06-10", title: str = "Nothing") -> Analysis:
    published = datetime.fromisoformat(day).replace(tzinfo=UTC)
    entry = Entry(
        source="x", title=title, body=body, keys=("path:x",), text_kind="full", language="en", published=published
    )
    return ANALYSER.article(entry).analysis


def _who(body: str, day: str = "2025-06-10") -> set[str]:
    return {f"{m.figure}!" if m.kind == "office" else m.figure for m in _analysis(body, day).mentions}


# The watch-list


def test_there_are_enough_figures_and_topics() -> None:
    assert len(FIGURES) >= 150
    assert len(TOPICS) >= 20


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_an_id_is_the_full_name(figure: figures.Figure) -> None:
    assert figure.id == re.sub("[^a-z]+", "-", fold(figure.name))
    assert figure.group
    assert any(
        fold(figure.name) == fold(strong) or fold(figure.name).replace("-", " ") == fold(strong).replace("-", " ")
        for strong in figure.strong
    )


def test_the_ids_that_links_rely_on_are_there() -> None:
    assert {"donald-trump", "kim-jong-un", "joe-biden", "marco-rubio", "xi-jinping"} <= {
        figure.id for figure in FIGURES
    }


def test_no_two_figures_share_a_strong_name() -> None:
    owners: dict[str, str] = {}
    for figure in FIGURES:
        for name in figure.strong:
            key = fold(name.replace("-", " "))
            assert owners.setdefault(key, figure.id) == figure.id, name


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure.weak], ids=lambda figure: figure.id)
def test_a_weak_name_is_part_of_a_strong_one(figure: figures.Figure) -> None:
    for weak in figure.weak:
        assert any(fold(weak) in fold(strong).split() or fold(weak) in fold(strong) for strong in figure.strong), weak


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_a_topic_has_a_major_code_and_is_found_by_its_words(topic: topics.Topic) -> None:
    assert topic.cap in topics.CAP_MAJOR
    for keyword in topic.keywords:
        words = f"The {keyword.rstrip('*')} again. " * 2  # some weigh half
        assert topic.id in {hit.topic for hit in topics.Matcher([topic]).find(words)}


def test_the_feeds_load_in_their_groups() -> None:
    feeds = opml.read(SEEDS / "feeds.opml")
    assert len(feeds) >= 25
    assert {feed.group for feed in feeds} == {
        "World press",
        "US politics",
        "East Asia",
        "Think tanks",
        "Governments and organisations",
    }
    assert all(feed.language and feed.home and feed.key.startswith("https://") for feed in feeds)


# Who is meant, and who is not

NOBODY = """
Kim Kardashian opened a shop in Milan.
The Moon landing was remembered in Houston.
A full Moon rose over the harbour.
Lee Jae-yong runs the largest chip maker in the country.
Voters in Harris County queued for hours.
Johnson & Johnson recalled a baby powder.
The festival in Austin, Texas, was sold out.
The Korean War ended with an armistice.
Guests at Trump Tower were evacuated.
The Clinton Foundation published its accounts.
Melania Trump unveiled a stamp.
Ivanka Trump left the meeting early.
Donald Trump Jr. sells phones.
The Trump Organization built a golf course.
Jill Biden teaches English.
Hunter Biden was pardoned.
Michelle Obama wrote a book.
Bolton Wanderers lost at home.
Michael Bolton sang at the gala.
Ed Sullivan hosted a television show.
Sullivan's Island was flooded.
Halley's Comet will return.
Park rangers closed the trail in the National Park.
South Park mocked everybody.
Rosa Parks refused to stand up.
Robert E. Lee surrendered at Appomattox.
Bruce Lee made few films.
Lee Kuan Yew built a city state.
Spike Lee made another film.
Vance Air Force Base was closed for a day.
Simon Harris led the Irish government.
The Harris Poll asked two thousand adults.
Abe Lincoln was born in a cabin.
Jet Li trained for years.
Li Keqiang was premier for a decade.
Lithium and Li ions are charged.
Alexander Wang designed a coat.
Vera Wang designed another.
Xi'an is an old capital.
Xi is a Greek letter.
The Suga River flooded a valley.
Lake Suwa froze, and Mount Suga did not.
Moon Dong-hyun scored twice.
Kim Dae-jung received the Nobel Peace Prize.
Kim Il Sung founded the state.
Kim Jong Il died on a train.
Kim Chaek is a port.
Kim Yuna skated beautifully.
Yoon Eun-hye plays the lead.
Samuel Johnson wrote a dictionary.
Lyndon Johnson signed the bill.
Dwayne Johnson plays the lead.
Boris Becker won at Wimbledon.
Boris Godunov is an opera.
Chelsea Clinton gave a lecture.
George Clinton played funk.
Clinton, Iowa, lies on the river.
Burnham Market is a village.
Merz is also the name of a bakery.
The Carney Institute studies the brain.
Art Carney won an Oscar.
Choe Ryong Hae stood beside him.
Hilary Mantel wrote three novels.
Haley Joel Osment was a child star.
The Austin Powers films are silly.
Stone Cold Steve Austin retired.
The former US president gave a lecture.
""".strip().splitlines()


@pytest.mark.parametrize("sentence", NOBODY)
def test_a_look_alike_is_nobody(sentence: str) -> None:
    assert _who(sentence) == set()


MEANT = [
    ("Trump signed the order.", "donald-trump"),
    ("A judge blocked Trump’s order.", "donald-trump"),
    ("Donald J. Trump took the oath.", "donald-trump"),
    ("The Trump administration appealed.", "donald-trump!"),
    ("An anti-Trump rally filled the square.", "donald-trump"),
    ("Trump-era tariffs remain.", "donald-trump"),
    ("The Trumps flew to Florida.", "donald-trump"),
    ("DONALD TRUMP RETURNS", "donald-trump"),
    ("The U.S. president flew home.", "donald-trump!"),
    ("The US president, visibly tired, flew home.", "donald-trump!"),
    ("JD Vance broke the tie.", "jd-vance"),
    ("J.D. Vance broke the tie.", "jd-vance"),
    ("Sen. Vance broke the tie.", "jd-vance"),
    ("Rubio flew to Panama.", "marco-rubio"),
    ("Secretary of State Marco Rubio flew to Panama.", "marco-rubio"),
    ("Hegseth fired the general.", "pete-hegseth"),
    ("Witkoff saw the Russian side twice.", "steve-witkoff"),
    ("Biden dropped out.", "joe-biden"),
    ("Joseph R. Biden Jr. dropped out.", "joe-biden"),
    ("The Biden White House denied it.", "joe-biden!"),
    ("Kamala D. Harris conceded.", "kamala-harris"),
    ("Obama campaigned for her.", "barack-obama"),
    ("Hillary Clinton testified.", "hillary-clinton"),
    ("Bill Clinton testified.", "bill-clinton"),
    ("Pompeo called the agreement naive.", "mike-pompeo"),
    ("Antony Blinken flew to Amman.", "antony-blinken"),
    ("Rex Tillerson was dismissed.", "rex-tillerson"),
    ("John Bolton published his memoir.", "john-bolton"),
    ("Jake Sullivan met his counterpart in Vienna.", "jake-sullivan"),
    ("Lloyd Austin apologised.", "lloyd-austin"),
    ("Nikki Haley withdrew.", "nikki-haley"),
    ("Speaker Pelosi landed in Taipei.", "nancy-pelosi"),
    ("Stephen Biegun visited Seoul.", "stephen-biegun"),
    ("Kim Jong Un inspected a shipyard.", "kim-jong-un"),
    ("Kim Jong-un inspected a shipyard.", "kim-jong-un"),
    ("KIM JONG UN INSPECTS SHIPYARD", "kim-jong-un"),
    ("The North Korean leader inspected a shipyard.", "kim-jong-un!"),
    ("The Trump-Kim summit failed.", "kim-jong-un"),
    ("Kim Yo Jong rejected the offer.", "kim-yo-jong"),
    ("Choe Son Hui flew to Moscow.", "choe-son-hui"),
    ("Ri Yong Ho spoke in New York.", "ri-yong-ho"),
    ("Kim Yong Chol carried a letter.", "kim-yong-chol"),
    ("Lee Jae-myung took the oath.", "lee-jae-myung"),
    ("The South Korean president took the oath.", "lee-jae-myung!"),
    ("Yoon Suk Yeol was removed.", "yoon-suk-yeol"),
    ("President Moon Jae-in retired to Yangsan.", "moon-jae-in"),
    ("Park Geun-hye was pardoned.", "park-geun-hye"),
    ("Xi Jinping opened the congress.", "xi-jinping"),
    ("President Xi opened the congress.", "xi-jinping"),
    ("Trump-Xi talks resumed.", "xi-jinping"),
    ("Li Qiang opened the forum.", "li-qiang"),
    ("Wang Yi flew to Munich.", "wang-yi"),
    ("Lai Ching-te was sworn in.", "lai-ching-te"),
    ("Takaichi became party leader.", "sanae-takaichi"),
    ("Ishiba resigned.", "shigeru-ishiba"),
    ("Kishida visited Kyiv.", "fumio-kishida"),
    ("Yoshihide Suga stepped down.", "yoshihide-suga"),
    ("Shinzo Abe was mourned.", "shinzo-abe"),
    ("Putin's visit lasted a day.", "vladimir-putin"),
    ("Lavrov spoke for an hour.", "sergei-lavrov"),
    ("Volodymyr Zelenskyy spoke in parliament.", "volodymyr-zelensky"),
    ("Macron dissolved the assembly.", "emmanuel-macron"),
    ("Friedrich Merz won at the second attempt.", "friedrich-merz"),
    ("Olaf Scholz lost the vote.", "olaf-scholz"),
    ("Merkel wrote her memoir.", "angela-merkel"),
    ("Sir Keir welcomed them.", "keir-starmer"),
    ("Boris Johnson resigned.", "boris-johnson"),
    ("António Guterres warned them.", "antonio-guterres"),
    ("Rutte thanked the allies.", "mark-rutte"),
    ("Ursula von der Leyen presented her team.", "ursula-von-der-leyen"),
    ("Kaja Kallas chaired the meeting.", "kaja-kallas"),
    ("The IAEA chief Rafael Grossi inspected the plant.", "rafael-grossi"),
    ("Netanyahu dissolved the war cabinet.", "benjamin-netanyahu"),
    ("Recep Tayyip Erdoğan hosted both sides.", "recep-tayyip-erdogan"),
    ("Modi flew to Washington.", "narendra-modi"),
    ("Luiz Inácio Lula da Silva hosted the meeting.", "luiz-inacio-lula-da-silva"),
    ("Mark Carney called an election.", "mark-carney"),
]


@pytest.mark.parametrize(("sentence", "figure"), MEANT)
def test_a_figure_is_found(sentence: str, figure: str) -> None:
    found = _who(sentence)
    assert figure in found
    assert found <= {figure, "donald-trump"}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_every_name_on_the_list_finds_its_figure(figure: figures.Figure) -> None:
    for name in figure.strong:
        assert figure.id in _who(f"Yesterday {name} spoke."), name
    for name in figure.weak:
        assert figure.id in _who(f"Yesterday {figure.strong[0]} spoke. Then {name} left."), name
    for name in figure.offices:
        assert f"{figure.id}!" in _who(f"Yesterday the {name} denied it."), name


def test_a_role_changes_hands_on_its_day() -> None:
    assert _who("The US president spoke.", "2025-01-19") == {"joe-biden!"}
    assert _who("The US president spoke.", "2025-01-20") == {"donald-trump!"}
    assert _who("The South Korean president spoke.", "2020-01-01") == {"moon-jae-in!"}


# The demo articles


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_a_demo_article_says_what_it_is(path: Path) -> None:
    entry = article_file(path.read_bytes(), path=f"demo/{path.name}", modified=NOW, now=NOW)
    assert entry.outlet in {"Demo Wire", "Demo Courier", "Demo Observer", "Demo Ledger", "Demo Pacific Review"}
    assert entry.group == "Demo"
    assert (entry.language, entry.published_from) == ("en", "front matter")
    assert entry.published is not None
    assert 2017 <= entry.published.year <= 2025
    assert path.name.startswith(f"{entry.published:%Y-%m-}")
    assert not set('"“”„«»') & set(entry.body)
    assert 110 <= len(entry.body.split()) <= 310
    analysis = ANALYSER.article(entry).analysis
    assert analysis.language == "en"
    assert len(analysis.sentences) >= 6


EXPECTED = {
    "2018-06-12-singapore-summit": {"donald-trump", "kim-jong-un", "mike-pompeo", "moon-jae-in"},
    "2018-03-13-tillerson-dismissed": {"donald-trump", "rex-tillerson", "mike-pompeo", "kim-jong-un"},
    "2018-02-10-kim-yo-jong-blue-house": {"kim-yo-jong", "moon-jae-in", "kim-jong-un", "kim-jong-un!", "mike-pence"},
    "2022-03-24-kim-ends-the-moratorium": {
        "kim-jong-un", "donald-trump", "fumio-kishida", "moon-jae-in", "joe-biden", "vladimir-putin",
    },
    "2024-06-19-putin-and-kim-sign-treaty": {
        "vladimir-putin", "vladimir-putin!", "kim-jong-un", "sergei-lavrov",
    },
}  # fmt: skip


@pytest.mark.parametrize("stem", EXPECTED)
def test_a_demo_article_names_whom_it_should(stem: str) -> None:
    entry = article_file((SEEDS / "demo" / f"{stem}.md").read_bytes(), path=f"demo/{stem}.md", modified=NOW, now=NOW)
    found = {f"{m.figure}!" if m.kind == "office" else m.figure for m in ANALYSER.article(entry).analysis.mentions}
    assert EXPECTED[stem] <= found
    assert {name.rstrip("!") for name in found} == {name.rstrip("!") for name in EXPECTED[stem]}


def test_a_demo_headline_with_a_surname_counts_it() -> None:
    stem = "2024-06-19-putin-and-kim-sign-treaty"
    entry = article_file((SEEDS / "demo" / f"{stem}.md").read_bytes(), path=stem + ".md", modified=NOW, now=NOW)
    assert [m.figure for m in ANALYSER.article(entry).analysis.mentions if m.sentence == 0] == [
        "vladimir-putin",
        "kim-jong-un",
    ]


def test_most_demo_articles_have_a_topic() -> None:
    entries = [article_file(path.read_bytes(), path=path.name, modified=NOW, now=NOW) for path in DEMO]
    without = [entry.source for entry in entries if not ANALYSER.article(entry).analysis.topics]
    assert len(without) <= len(DEMO) // 10, without
