"""The tables of the read model: an in-memory DuckDB with what is current, and apart from it what was once.

`naming` holds what one article says of one figure, summed up: half the rows of `mention`, and counts of articles need
no DISTINCT. Rows are known by the analysis they belong to, which is one version of an article. Closed versions stand in
tables of their own (`…_closed`), so that three re-scores slow no current query; `rev_from` and `rev_to` say when a
version held.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa

from dashboard.model.answers import Answers
from dashboard.model.facts import Facts, Kind

_ARTICLE = (
    "analysis, id, content, source, day, published, language, text_kind, tone, story, rev, rev_from, p_mentions, p_n, "
    "p_net, a_mentions, a_n, a_net, alone"
)
_NAMING = (
    "analysis, article, figure, source, day, language, text_kind, tone, story, rev_from, p_mentions, p_n, p_sum, "
    "p_neg, p_pos, a_mentions, a_n, a_sum, a_neg, a_pos, single, alone"
)
_MENTION = "id, analysis, figure, kind, sentence, tone, label"
_TOPIC = "analysis, topic"

#: Columns of each table. p_… counts persons, a_… offices too; n is how many are scored, net positive minus negative.
COLUMNS = {"article": _ARTICLE, "naming": _NAMING, "mention": _MENTION, "topic": _TOPIC}

_TABLES = """
CREATE TABLE state (revision INTEGER);
INSERT INTO state VALUES (0);
CREATE TABLE code (number SMALLINT, word VARCHAR);
CREATE TABLE article (
    analysis INTEGER, id INTEGER, content INTEGER, source INTEGER, day DATE, published TIMESTAMP, language SMALLINT,
    text_kind TINYINT, tone DOUBLE, story INTEGER, rev INTEGER, rev_from INTEGER, p_mentions INTEGER, p_n INTEGER,
    p_net INTEGER, a_mentions INTEGER, a_n INTEGER, a_net INTEGER, alone BOOLEAN
);
CREATE TABLE naming (
    analysis INTEGER, article INTEGER, figure SMALLINT, source INTEGER, day DATE, language SMALLINT,
    text_kind TINYINT, tone DOUBLE, story INTEGER, rev_from INTEGER, p_mentions INTEGER, p_n INTEGER,
    p_sum DOUBLE, p_neg INTEGER, p_pos INTEGER, a_mentions INTEGER, a_n INTEGER, a_sum DOUBLE,
    a_neg INTEGER, a_pos INTEGER, single BOOLEAN, alone BOOLEAN
);
CREATE TABLE mention (
    id INTEGER, analysis INTEGER, figure SMALLINT, kind TINYINT, sentence INTEGER, tone DOUBLE, label TINYINT
);
CREATE TABLE topic (analysis INTEGER, topic SMALLINT);
CREATE TABLE article_closed AS SELECT *, 0 AS rev_to FROM article;
CREATE TABLE naming_closed AS SELECT *, 0 AS rev_to FROM naming;
CREATE TABLE mention_closed AS SELECT * FROM mention;
CREATE TABLE topic_closed AS SELECT * FROM topic;
"""

# What follows works on tables named …_in: the facts as they come from the record, their words as numbers.
_SUMS = ", ".join(
    f"count(*) FILTER ({kinds}) AS {k}_mentions, count(tone) FILTER ({kinds}) AS {k}_n, "
    f"coalesce(sum(tone) FILTER ({kinds}), 0) AS {k}_sum, "
    f"count(tone) FILTER ({kinds} AND label < 0) AS {k}_neg, count(tone) FILTER ({kinds} AND label > 0) AS {k}_pos"
    for k, kinds in (("p", "kind = 0"), ("a", "kind < 2"))
)
_SUMMED_UP = f"""
CREATE OR REPLACE TEMP TABLE naming_in AS
SELECT analysis, figure, {_SUMS} FROM mention_in WHERE kind < 2 GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE whole_in AS
SELECT f.*, published::DATE AS day, coalesce(n.p_mentions, 0) AS p_mentions,
       coalesce(n.p_n, 0) AS p_n, coalesce(n.p_net, 0) AS p_net, coalesce(n.a_mentions, 0) AS a_mentions,
       coalesce(n.a_n, 0) AS a_n, coalesce(n.a_net, 0) AS a_net, coalesce(n.figures, 0) AS figures
FROM article_in f
LEFT JOIN (
    SELECT analysis, count(*) AS figures, sum(p_mentions) AS p_mentions, sum(p_n) AS p_n, sum(p_pos - p_neg) AS p_net,
           sum(a_mentions) AS a_mentions, sum(a_n) AS a_n, sum(a_pos - a_neg) AS a_net
    FROM naming_in GROUP BY 1
) n USING (analysis)
"""

# A story of one article is its own cluster: sums over stories need not group it. Only what is current is looked at, and
# what has been closed since at the question (Scope).
_ALONE = """
UPDATE article SET alone = false
WHERE alone AND story IN (SELECT story FROM whole_in WHERE rev_to IS NULL);
UPDATE naming SET alone = false
WHERE alone AND story IN (SELECT story FROM whole_in WHERE rev_to IS NULL)
"""


def _insert(closed: bool) -> str:
    """Puts what is in …_in into the tables of what is current, or of what is closed."""
    suffix, rev_to, state = ("_closed", ", w.rev_to", "NOT NULL") if closed else ("", "", "NULL")
    alone = "false" if closed else "w.story NOT IN (SELECT story FROM shared_in)"
    own = {"p_mentions", "p_n", "p_sum", "p_neg", "p_pos", "a_mentions", "a_n", "a_sum", "a_neg", "a_pos", "figure"}
    computed = {"alone": alone, "single": "w.figures = 1", "article": "w.id"}

    def columns(names: str, own: set[str]) -> str:
        return ", ".join(
            f"{computed.get(name) or ('n.' if name in own else 'w.') + name} AS {name}" for name in names.split(", ")
        )

    return f"""
        INSERT INTO article{suffix} SELECT {columns(_ARTICLE, set())}{rev_to}
        FROM whole_in w WHERE w.rev_to IS {state} ORDER BY day, id;
        INSERT INTO naming{suffix} SELECT {columns(_NAMING, own)}{rev_to}
        FROM naming_in n JOIN whole_in w USING (analysis) WHERE w.rev_to IS {state} ORDER BY w.day, w.id;
    """


def _belonging(closed: bool) -> str:
    """The same for what belongs to an article."""
    suffix, state = ("_closed", "NOT NULL") if closed else ("", "NULL")
    return "".join(
        f"INSERT INTO {name}{suffix} SELECT {columns} FROM {name}_in "
        f"WHERE analysis IN (SELECT analysis FROM whole_in WHERE rev_to IS {state});"
        for name, columns in (("mention", _MENTION), ("topic", _TOPIC))
    )


_SHARED = """
CREATE OR REPLACE TEMP TABLE shared_in AS
SELECT story FROM whole_in WHERE rev_to IS NULL GROUP BY 1 HAVING count(*) > 1
UNION SELECT story FROM article WHERE story IN (SELECT story FROM whole_in WHERE rev_to IS NULL)
"""
# While everything is loaded, mentions and topics go where they belong at once: they are most of it.
_LOADED = """
CREATE TEMP TABLE article_in (
    analysis INTEGER, id INTEGER, content INTEGER, source INTEGER, published TIMESTAMP, language SMALLINT,
    text_kind TINYINT, tone DOUBLE, story INTEGER, rev INTEGER, rev_from INTEGER, rev_to INTEGER
);
CREATE TEMP VIEW mention_in AS SELECT * FROM mention
"""
_LOAD: dict[Kind, str] = {
    "article": "INSERT INTO article_in SELECT * FROM part",
    "mention": "INSERT INTO mention SELECT * FROM part WHERE analysis IN (SELECT analysis FROM article_in)",
    "topic": "INSERT INTO topic SELECT * FROM part WHERE analysis IN (SELECT analysis FROM article_in)",
}
# What is closed is no longer known to be alone in its story: it may have had company before.
_MOVE = "".join(
    f"INSERT INTO {name}_closed SELECT "
    f"{', '.join('false' if column == 'alone' else f't.{column}' for column in columns.split(', '))}"
    f"{', closing.rev_to' if 'rev_from' in columns else ''} FROM {name} t JOIN closing USING (analysis);"
    f"DELETE FROM {name} WHERE analysis IN (SELECT analysis FROM closing);"
    for name, columns in COLUMNS.items()
)


#: Queries at once: more of them share the same cores, and all end late.
_AT_ONCE = 2


#: Sums by day of a million articles from forty sources take 5 MB.
_DAYS_BYTES = 64 * 1024 * 1024

#: A range with more gaps than this is looked at for longer than bits or a list.
_GAPS = 8
#: Ids below this fit the bits of a BIGINT; shifted further, it is 0.
_BITS = 63


class Columns:
    """One copy of the record's facts. It only ever moves forward; a doubtful one is thrown away."""

    def __init__(self) -> None:
        self.revision = 0  #: all revisions up to this one are in
        self.reaches = 0  #: closed versions that held at this revision or later are in
        self.answers = Answers()
        self.days = Answers(_DAYS_BYTES)  #: the sums of all articles by day (sums.whole)
        self.turns = threading.Semaphore(_AT_ONCE)  #: to be held while a query runs, and for nothing else
        self._words: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._db = duckdb.connect(":memory:")
        self._db.execute(_TABLES)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own: one shared by threads raises."""
        return self._db.cursor()

    def word(self, number: int) -> str:
        """The figure, topic or language that a number in the tables stands for."""
        return self._words[number]

    def number(self, word: str) -> int:
        """The number of a word; −1 for one that no article has."""
        return self._numbers.get(word, -1)

    def numbers(self, words: Iterable[str]) -> str:
        """The numbers of some words as an SQL list; −1 for a word that no article has."""
        return sql_list(map(self.number, words))

    def load(self, parts: Iterable[tuple[Kind, pa.Table]], revision: int) -> None:
        """Takes in everything that is current as of a revision, piece by piece as it arrives, articles first."""
        cursor = self.cursor()
        cursor.execute(_LOADED)
        for kind, part in parts:
            cursor.register("part", self._coded(cursor, part))
            cursor.execute(_LOAD[kind])
            cursor.unregister("part")
        cursor.execute(_SUMMED_UP + ";" + _SHARED + ";" + _insert(closed=False))
        cursor.execute("UPDATE state SET revision = $1", [revision])
        cursor.close()  # the temporary tables go with it
        self.revision = self.reaches = revision

    def follow(self, facts: Facts, closing: Sequence[tuple[int, int]], revision: int) -> None:
        """Takes in what has been opened up to a revision, and closes the versions in `closing` (analysis, rev_to)."""
        cursor = self.cursor()
        cursor.execute("BEGIN")
        if closing:
            analyses, ends = zip(*closing, strict=True)
            cursor.register(
                "closing",
                pa.table({"analysis": pa.array(analyses, pa.int32()), "rev_to": pa.array(ends, pa.int32())}),
            )
            cursor.execute(_MOVE)
        self._register(cursor, facts)
        if len(facts.article):
            cursor.execute(_SUMMED_UP + ";" + _SHARED)
            if cursor.execute("SELECT 1 FROM shared_in LIMIT 1").fetchall():
                cursor.execute(_ALONE)
            cursor.execute(_insert(closed=False) + _belonging(closed=False))
            if len(facts.article) - facts.article["rev_to"].null_count:
                cursor.execute(_insert(closed=True) + _belonging(closed=True))
        cursor.execute("UPDATE state SET revision = $1", [revision])
        cursor.execute("COMMIT")
        cursor.close()
        self.revision = revision

    def remember(self, facts: Iterable[Facts], reaches: int) -> None:
        """Takes in versions that were closed before the rest was loaded; then the past reaches back to a revision."""
        cursor = self.cursor()
        cursor.execute("BEGIN")
        for part in facts:
            self._register(cursor, part)
            cursor.execute(_SUMMED_UP + ";" + _insert(closed=True) + _belonging(closed=True))
        cursor.execute("COMMIT")
        cursor.close()
        self.reaches = reaches

    def _register(self, cursor: duckdb.DuckDBPyConnection, facts: Facts) -> None:
        for name in ("article", "mention", "topic"):
            cursor.register(f"{name}_in", self._coded(cursor, getattr(facts, name)))

    def _coded(self, cursor: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
        """The table with numbers in place of its words."""
        for place, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type):
                coded = [self._codes(cursor, chunk) for chunk in table.column(place).chunks]
                table = table.set_column(place, field.name, pa.chunked_array(coded, pa.int16()))
        return table

    def _codes(self, cursor: duckdb.DuckDBPyConnection, words: pa.DictionaryArray) -> pa.Array:
        known = words.dictionary.to_pylist()
        for word in known:
            if word not in self._numbers:
                number = len(self._words) + 1
                cursor.execute("INSERT INTO code VALUES ($1, $2)", [number, word])
                self._words[number], self._numbers[word] = word, number
        return pa.array([self._numbers[word] for word in known], pa.int16()).take(words.indices)


def sql_list(values: Iterable[int]) -> str:
    """Numbers as an SQL list; one that nothing is in where there are none."""
    return f"({', '.join(map(str, values)) or '-1'})"


def among(column: str, ids: Iterable[int]) -> str:
    """The condition that a column holds one of these ids.

    As a range where there are few gaps in them, or as bits: both are checked in a third of the time of a list.
    """
    wanted = set(ids)
    if not wanted or max(wanted) - min(wanted) - len(wanted) >= _GAPS:
        if wanted and max(wanted) < _BITS:
            return f"(({sum(1 << id_ for id_ in wanted)}::BIGINT >> {column}) & 1) = 1"
        return f"{column} IN {sql_list(sorted(wanted))}"
    low, high = min(wanted), max(wanted)
    gaps = sorted(set(range(low, high)) - wanted)
    return f"{column} BETWEEN {low} AND {high}" + (f" AND {column} NOT IN {sql_list(gaps)}" if gaps else "")
