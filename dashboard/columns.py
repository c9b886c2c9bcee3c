"""The tables of the read model: an in-memory DuckDB with what is current, and apart from it what was once.

`naming` holds what one article says of one figure, summed up: half the rows of `mention`, and counts of articles need
no DISTINCT. Rows are known by the analysis they belong to, which is one version of an article. Closed versions stand in
tables of their own (`…_closed`), so that three re-scores slow no current query; `rev_from` and `rev_to` say when a
version held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa

from dashboard.answers import Answers
from dashboard.facts import Facts

_ARTICLE = (
    "analysis, id, source, day, published, language, tone, story, rev, rev_from, p_mentions, p_n, p_net, a_mentions, "
    "a_n, a_net, alone"
)
_NAMING = (
    "analysis, article, figure, source, day, language, tone, story, rev_from, p_mentions, p_n, p_sum, p_neg, p_pos, "
    "a_mentions, a_n, a_sum, a_neg, a_pos, single, alone"
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
    analysis INTEGER, id INTEGER, source INTEGER, day DATE, published TIMESTAMP, language SMALLINT, tone DOUBLE,
    story INTEGER, rev INTEGER, rev_from INTEGER, p_mentions INTEGER, p_n INTEGER, p_net INTEGER, a_mentions INTEGER,
    a_n INTEGER, a_net INTEGER, alone BOOLEAN
);
CREATE TABLE naming (
    analysis INTEGER, article INTEGER, figure SMALLINT, source INTEGER, day DATE, language SMALLINT, tone DOUBLE,
    story INTEGER, rev_from INTEGER, p_mentions INTEGER, p_n INTEGER, p_sum DOUBLE, p_neg INTEGER, p_pos INTEGER,
    a_mentions INTEGER, a_n INTEGER, a_sum DOUBLE, a_neg INTEGER, a_pos INTEGER, single BOOLEAN, alone BOOLEAN
);
CREATE TABLE mention (
    id BIGINT, analysis INTEGER, figure SMALLINT, kind TINYINT, sentence INTEGER, tone DOUBLE, label TINYINT
);
CREATE TABLE topic (analysis INTEGER, topic SMALLINT);
CREATE TABLE article_closed AS SELECT *, 0 AS rev_to FROM article;
CREATE TABLE naming_closed AS SELECT *, 0 AS rev_to FROM naming;
CREATE TABLE mention_closed AS SELECT * FROM mention;
CREATE TABLE topic_closed AS SELECT * FROM topic;
"""

# What follows works on tables named …_in: the facts as they come from the record.
_CODES = """
INSERT INTO code
SELECT (SELECT coalesce(max(number), 0) FROM code) + row_number() OVER (ORDER BY word), word
FROM (SELECT figure AS word FROM mention_in UNION SELECT topic FROM topic_in UNION SELECT language FROM article_in)
WHERE word NOT IN (SELECT word FROM code)
"""

_SUMS = ", ".join(
    f"count(*) FILTER ({kinds}) AS {k}_mentions, count(tone) FILTER ({kinds}) AS {k}_n, "
    f"coalesce(sum(tone) FILTER ({kinds}), 0) AS {k}_sum, "
    f"count(tone) FILTER ({kinds} AND label < 0) AS {k}_neg, count(tone) FILTER ({kinds} AND label > 0) AS {k}_pos"
    for k, kinds in (("p", "kind = 0"), ("a", "kind < 2"))
)
_SUMMED_UP = f"""
CREATE OR REPLACE TEMP TABLE naming_in AS
SELECT analysis, code.number AS figure, {_SUMS}
FROM mention_in JOIN code ON code.word = mention_in.figure WHERE kind < 2 GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE whole_in AS
SELECT f.* EXCLUDE (language), code.number AS language, coalesce(n.p_mentions, 0) AS p_mentions,
       coalesce(n.p_n, 0) AS p_n, coalesce(n.p_net, 0) AS p_net, coalesce(n.a_mentions, 0) AS a_mentions,
       coalesce(n.a_n, 0) AS a_n, coalesce(n.a_net, 0) AS a_net, coalesce(n.figures, 0) AS figures
FROM article_in f JOIN code ON code.word = f.language
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
        INSERT INTO mention{suffix} SELECT m.id, m.analysis, code.number, m.kind, m.sentence, m.tone, m.label
        FROM mention_in m JOIN code ON code.word = m.figure JOIN whole_in w USING (analysis)
        WHERE w.rev_to IS {state} ORDER BY w.day, w.id;
        INSERT INTO topic{suffix} SELECT t.analysis, code.number
        FROM topic_in t JOIN code ON code.word = t.topic JOIN whole_in w USING (analysis) WHERE w.rev_to IS {state};
    """


_SHARED = """
CREATE OR REPLACE TEMP TABLE shared_in AS
SELECT story FROM whole_in WHERE rev_to IS NULL GROUP BY 1 HAVING count(*) > 1
UNION SELECT story FROM article WHERE story IN (SELECT story FROM whole_in WHERE rev_to IS NULL)
"""
_MOVE = "".join(
    f"INSERT INTO {name}_closed SELECT {', '.join(f't.{column}' for column in columns.split(', '))}"
    f"{', closing.rev_to' if 'rev_from' in columns else ''} FROM {name} t JOIN closing USING (analysis);"
    f"DELETE FROM {name} WHERE analysis IN (SELECT analysis FROM closing);"
    for name, columns in COLUMNS.items()
)


class Columns:
    """One copy of the record's facts. It only ever moves forward; a doubtful one is thrown away."""

    def __init__(self) -> None:
        self.revision = 0  #: all revisions up to this one are in
        self.reaches = 0  #: closed versions that held at this revision or later are in
        self.answers = Answers()
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

    def numbers(self, words: Iterable[str]) -> str:
        """The numbers of some words as an SQL list; −1 for a word that no article has."""
        return sql_list(self._numbers.get(word, -1) for word in words)

    def load(self, facts: Iterable[Facts], revision: int) -> None:
        """Takes in everything that is current as of a revision, piece by piece as it arrives."""
        cursor = self.cursor()
        names: list[str] = []
        for part in facts:
            for name in ("article", "mention", "topic"):
                cursor.register("part", getattr(part, name))
                if f"{name}_in" in names:
                    cursor.execute(f"INSERT INTO {name}_in SELECT * FROM part")
                else:
                    cursor.execute(f"CREATE TEMP TABLE {name}_in AS SELECT * FROM part")
                    names.append(f"{name}_in")
                cursor.unregister("part")
        if names:
            self._settle(cursor, revision, closed=False)
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
            self._settle(cursor, revision, closed=bool(len(facts.article) - facts.article["rev_to"].null_count))
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
            cursor.execute(_CODES + ";" + _SUMMED_UP)
            cursor.execute(_insert(closed=True))
        self._learn(cursor)
        cursor.execute("COMMIT")
        cursor.close()
        self.reaches = reaches

    def _register(self, cursor: duckdb.DuckDBPyConnection, facts: Facts) -> None:
        for name in ("article", "mention", "topic"):
            cursor.register(f"{name}_in", getattr(facts, name))

    def _settle(self, cursor: duckdb.DuckDBPyConnection, revision: int, *, closed: bool) -> None:
        cursor.execute(_CODES + ";" + _SUMMED_UP)
        cursor.execute(_SHARED)
        if revision and cursor.execute("SELECT 1 FROM shared_in LIMIT 1").fetchall():
            cursor.execute(_ALONE)
        cursor.execute(_insert(closed=False))
        if closed:
            cursor.execute(_insert(closed=True))
        self._learn(cursor)

    def _learn(self, cursor: duckdb.DuckDBPyConnection) -> None:
        words = dict(cursor.execute("SELECT number, word FROM code").fetchall())
        if len(words) > len(self._words):
            self._words, self._numbers = words, {word: number for number, word in words.items()}


def sql_list(values: Iterable[int]) -> str:
    """Numbers as an SQL list; one that nothing is in where there are none."""
    return f"({', '.join(map(str, values)) or '-1'})"
