"""The tables of the read model: an in-memory DuckDB, with closed versions in tables of their own.

`naming` sums up what one article says of one figure: it has half the rows of `mention`, and counting articles needs no
DISTINCT. Rows belong to an analysis, which is one version of an article; `rev_from` and `rev_to` say when it held.
Closed versions are in `…_closed`, so that three re-scores slow no current query.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa

from dashboard.model.cache import Cache
from dashboard.model.facts import TABLES, Facts, TableName

#: p_… counts persons, a_… offices too; n is how many are scored, net positive minus negative.
_SCHEMA = {
    "article": "analysis INTEGER, id INTEGER, content INTEGER, source INTEGER, day DATE, published TIMESTAMP, "
    "language SMALLINT, text_kind TINYINT, tone DOUBLE, story INTEGER, rev INTEGER, rev_from INTEGER, "
    "p_mentions INTEGER, p_n INTEGER, p_net INTEGER, a_mentions INTEGER, a_n INTEGER, a_net INTEGER, alone BOOLEAN",
    "naming": "analysis INTEGER, article INTEGER, figure SMALLINT, source INTEGER, day DATE, language SMALLINT, "
    "text_kind TINYINT, tone DOUBLE, story INTEGER, rev_from INTEGER, p_mentions INTEGER, p_n INTEGER, p_sum DOUBLE, "
    "p_neg INTEGER, p_pos INTEGER, a_mentions INTEGER, a_n INTEGER, a_sum DOUBLE, a_neg INTEGER, a_pos INTEGER, "
    "single BOOLEAN, alone BOOLEAN",
    "mention": "id INTEGER, analysis INTEGER, figure SMALLINT, kind TINYINT, sentence INTEGER, tone DOUBLE, "
    "label TINYINT",
    "topic": "analysis INTEGER, topic SMALLINT",
}
#: The names of the columns of each table.
COLUMNS = {table: [column.split()[0] for column in columns.split(", ")] for table, columns in _SCHEMA.items()}

_TABLES = """
CREATE TABLE state (revision INTEGER);
INSERT INTO state VALUES (0);
CREATE TABLE code (number SMALLINT, word VARCHAR);
"""
_TABLES += "".join(f"CREATE TABLE {table} ({columns});" for table, columns in _SCHEMA.items())
_TABLES += """
CREATE TABLE article_closed AS SELECT *, 0 AS rev_to FROM article;
CREATE TABLE naming_closed AS SELECT *, 0 AS rev_to FROM naming;
CREATE TABLE mention_closed AS SELECT * FROM mention;
CREATE TABLE topic_closed AS SELECT * FROM topic;
"""

# The following works on tables named …_in: the facts as read from the record, with numbers for words.
_SUMS = ", ".join(
    f"count(*) FILTER ({kinds}) AS {k}_mentions, count(tone) FILTER ({kinds}) AS {k}_n, "
    f"coalesce(sum(tone) FILTER ({kinds}), 0) AS {k}_sum, "
    f"count(tone) FILTER ({kinds} AND label < 0) AS {k}_neg, count(tone) FILTER ({kinds} AND label > 0) AS {k}_pos"
    for k, kinds in (("p", "kind = 0"), ("a", "kind < 2"))
)
_SUM_UP = f"""
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

# An article is `alone` if no other one has its story: sums over stories need not group it. Only current versions are
# compared here; Scope compares those that have been closed since.
_NO_LONGER_ALONE = """
UPDATE article SET alone = false
WHERE alone AND story IN (SELECT story FROM whole_in WHERE rev_to IS NULL);
UPDATE naming SET alone = false
WHERE alone AND story IN (SELECT story FROM whole_in WHERE rev_to IS NULL)
"""


def _insert_articles(closed: bool) -> str:
    """Moves articles and namings from …_in into the tables of current or closed versions."""
    suffix, rev_to, state = ("_closed", ", w.rev_to", "NOT NULL") if closed else ("", "", "NULL")
    alone = "false" if closed else "w.story NOT IN (SELECT story FROM shared_in)"
    computed = {"alone": alone, "single": "w.figures = 1", "article": "w.id", "figure": "n.figure"}
    article = ", ".join(f"{computed.get(name, f'w.{name}')} AS {name}" for name in COLUMNS["article"])
    computed |= {name: f"n.{name}" for name in COLUMNS["naming"] if name.startswith(("p_", "a_"))}
    naming = ", ".join(f"{computed.get(name, f'w.{name}')} AS {name}" for name in COLUMNS["naming"])
    return f"""
        INSERT INTO article{suffix} SELECT {article}{rev_to}
        FROM whole_in w WHERE w.rev_to IS {state} ORDER BY day, id;
        INSERT INTO naming{suffix} SELECT {naming}{rev_to}
        FROM naming_in n JOIN whole_in w USING (analysis) WHERE w.rev_to IS {state} ORDER BY w.day, w.id;
    """


def _insert_mentions_and_topics(closed: bool) -> str:
    """Does the same for mentions and topics."""
    suffix, state = ("_closed", "NOT NULL") if closed else ("", "NULL")
    return "".join(
        f"INSERT INTO {name}{suffix} SELECT {', '.join(COLUMNS[name])} FROM {name}_in "
        f"WHERE analysis IN (SELECT analysis FROM whole_in WHERE rev_to IS {state});"
        for name in ("mention", "topic")
    )


_FIND_SHARED = """
CREATE OR REPLACE TEMP TABLE shared_in AS
SELECT story FROM whole_in WHERE rev_to IS NULL GROUP BY 1 HAVING count(*) > 1
UNION SELECT story FROM article WHERE story IN (SELECT story FROM whole_in WHERE rev_to IS NULL)
"""
# While everything is loaded, mentions and topics, which are most of it, go straight into their tables.
_PREPARE_LOAD = """
CREATE TEMP TABLE article_in (
    analysis INTEGER, id INTEGER, content INTEGER, source INTEGER, published TIMESTAMP, language SMALLINT,
    text_kind TINYINT, tone DOUBLE, story INTEGER, rev INTEGER, rev_from INTEGER, rev_to INTEGER
);
CREATE TEMP VIEW mention_in AS SELECT * FROM mention
"""
_LOAD: dict[TableName, str] = {
    "article": "INSERT INTO article_in SELECT * FROM part",
    "mention": "INSERT INTO mention SELECT * FROM part WHERE analysis IN (SELECT analysis FROM article_in)",
    "topic": "INSERT INTO topic SELECT * FROM part WHERE analysis IN (SELECT analysis FROM article_in)",
}
# A closed version is never marked alone: another article may have had its story earlier.
_CLOSE = "".join(
    f"INSERT INTO {name}_closed SELECT "
    f"{', '.join('false' if column == 'alone' else f't.{column}' for column in columns)}"
    f"{', closing.rev_to' if 'rev_from' in columns else ''} FROM {name} t JOIN closing USING (analysis);"
    f"DELETE FROM {name} WHERE analysis IN (SELECT analysis FROM closing);"
    for name, columns in COLUMNS.items()
)


#: More queries at once would share the same cores, and all would end late.
_QUERIES_AT_ONCE = 2


#: Sums by day of a million articles from forty sources take 5 MB.
_DAY_SUMS_BYTES = 64 * 1024 * 1024

#: With more gaps than this, checking a range takes longer than checking bits or a list.
_MOST_GAPS = 8
#: Ids below this fit the bits of a BIGINT; a shift by more gives 0.
_BITS = 63


class Columns:
    """A copy of the record's facts. It only moves forward; one that may be incomplete is thrown away."""

    def __init__(self) -> None:
        self.revision = 0  #: all revisions up to this one are in
        self.back_to = 0  #: closed versions that held at this revision or later are in
        self.cache = Cache()
        self.day_sums = Cache(_DAY_SUMS_BYTES)  #: the sums of all articles by day (sums.of_all)
        self.query_slots = threading.Semaphore(_QUERIES_AT_ONCE)  #: one is held while a query runs, not longer
        self._words: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._db = duckdb.connect(":memory:")
        self._db.execute(_TABLES)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new connection for the caller: threads must not share one."""
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

    def load(self, parts: Iterable[tuple[TableName, pa.Table]], revision: int) -> None:
        """Loads everything that is current at a revision, part by part as it arrives, articles first."""
        cursor = self.cursor()
        cursor.execute(_PREPARE_LOAD)
        for table, part in parts:
            cursor.register("part", self._with_numbers(cursor, part))
            cursor.execute(_LOAD[table])
            cursor.unregister("part")
        cursor.execute(_SUM_UP + ";" + _FIND_SHARED + ";" + _insert_articles(closed=False))
        cursor.execute("UPDATE state SET revision = $1", [revision])
        cursor.close()  # drops the temporary tables
        self.revision = self.back_to = revision

    def follow(self, facts: Facts, closing: Sequence[tuple[int, int]], revision: int) -> None:
        """Adds what was opened up to a revision, and closes the versions in `closing` (analysis, rev_to)."""
        cursor = self.cursor()
        cursor.execute("BEGIN")
        if closing:
            analyses, ends = (pa.array(column, pa.int32()) for column in zip(*closing, strict=True))
            cursor.register("closing", pa.table({"analysis": analyses, "rev_to": ends}))
            cursor.execute(_CLOSE)
        self._register(cursor, facts)
        if len(facts.article):
            cursor.execute(_SUM_UP + ";" + _FIND_SHARED)
            if cursor.execute("SELECT 1 FROM shared_in LIMIT 1").fetchall():
                cursor.execute(_NO_LONGER_ALONE)
            cursor.execute(_insert_articles(closed=False) + _insert_mentions_and_topics(closed=False))
            if len(facts.article) - facts.article["rev_to"].null_count:
                cursor.execute(_insert_articles(closed=True) + _insert_mentions_and_topics(closed=True))
        cursor.execute("UPDATE state SET revision = $1", [revision])
        cursor.execute("COMMIT")
        cursor.close()
        self.revision = revision

    def load_closed(self, facts: Iterable[Facts], back_to: int) -> None:
        """Adds versions closed before `load`: then all that held at revision `back_to` or later are in."""
        cursor = self.cursor()
        cursor.execute("BEGIN")
        for part in facts:
            self._register(cursor, part)
            cursor.execute(_SUM_UP + ";" + _insert_articles(closed=True) + _insert_mentions_and_topics(closed=True))
        cursor.execute("COMMIT")
        cursor.close()
        self.back_to = back_to

    def _register(self, cursor: duckdb.DuckDBPyConnection, facts: Facts) -> None:
        for name in TABLES:
            cursor.register(f"{name}_in", self._with_numbers(cursor, getattr(facts, name)))

    def _with_numbers(self, cursor: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
        """The table with its words replaced by their numbers."""
        for place, field in enumerate(table.schema):
            if pa.types.is_dictionary(field.type):
                numbers = [self._numbers_of(cursor, chunk) for chunk in table.column(place).chunks]
                table = table.set_column(place, field.name, pa.chunked_array(numbers, pa.int16()))
        return table

    def _numbers_of(self, cursor: duckdb.DuckDBPyConnection, words: pa.DictionaryArray) -> pa.Array:
        known = words.dictionary.to_pylist()
        for word in known:
            if word not in self._numbers:
                number = len(self._words) + 1
                cursor.execute("INSERT INTO code VALUES ($1, $2)", [number, word])
                self._words[number], self._numbers[word] = word, number
        return pa.array([self._numbers[word] for word in known], pa.int16()).take(words.indices)


def sql_list(values: Iterable[int]) -> str:
    """Numbers as an SQL list; without any, one that matches nothing."""
    return f"({', '.join(map(str, values)) or '-1'})"


def in_ids(column: str, ids: Iterable[int]) -> str:
    """The SQL condition that a column holds one of these ids.

    A range, if the ids have few gaps, or bits: checking either takes a third of the time of a list.
    """
    wanted = set(ids)
    if not wanted or max(wanted) - min(wanted) - len(wanted) >= _MOST_GAPS:
        if wanted and max(wanted) < _BITS:
            return f"(({sum(1 << id_ for id_ in wanted)}::BIGINT >> {column}) & 1) = 1"
        return f"{column} IN {sql_list(sorted(wanted))}"
    low, high = min(wanted), max(wanted)
    gaps = sorted(set(range(low, high)) - wanted)
    return f"{column} BETWEEN {low} AND {high}" + (f" AND {column} NOT IN {sql_list(gaps)}" if gaps else "")
