"""Many at once mean the same as one by one; whoever analyses may die; scoring again changes only what changes."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, or_, select

from ingest.analyser import Analyser, Method
from ingest.errors import ClusterError
from ingest.models import Entry, Source, utcnow
from ingest.run import analysts, rescore
from ingest.run.analysts import InProcess, WorkerPool
from ingest.run.rescore import Rescore, Rescored
from ingest.settings import PROJECT
from ingest.store import record, schema, watched
from ingest.store.write.commit import Commit
from ingest.store.write.versions import Scoring, prepared
from ingest.watchlist.lists import Watchlist
from tests.helpers.desk import FIGURES, Desk, on_sqlite, utc

NOW = utc(2026, 3, 2, 12)


def entry(key: str, body: str, **other: Any) -> Entry:
    return Entry(
        source=key, title=f"Talks {body[:1]}", body=body, keys=other.pop("keys", (f"guid:{key}", f"url:{key}")),
        text_kind="full", language="en", published=NOW, published_from=other.pop("published_from", "feed"), **other,
    )  # fmt: skip


# -- many at once -----------------------------------------------------------------------------------------------------

_KEYS = st.sampled_from("abcde")
_WORDS = st.sampled_from(["Ben Marsh won.", "Ada Quill met Ben Marsh.", "Nothing."])
_FEED_ENTRY = st.builds(
    lambda one, two, body: entry(one, body, keys=(f"guid:{one}", f"url:{two}")), _KEYS, _KEYS, _WORDS
)
_FILE = st.builds(lambda one, body: entry(one, body, keys=(f"path:{one}",), published_from="file time"), _KEYS, _WORDS)


def story_of(engine: Engine, source: str) -> list[Any]:
    """Everything the record says about a source's articles, whatever ids and revisions it gave them."""
    content, analysis, body = schema.content.c, schema.analysis.c, schema.content_text.c
    with engine.connect() as connection:
        ours = connection.execute(select(schema.source.c.id).where(schema.source.c.key == source)).scalar_one()
        found = []
        for article in connection.execute(select(schema.article).where(schema.article.c.source_id == ours)).all():
            keys = connection.execute(
                select(schema.article_key.c.key).where(schema.article_key.c.article_id == article.id)
            )
            versions = connection.execute(
                select(content.hash, body.body, content.rev_to.is_(None), analysis.tone, analysis.rev_to.is_(None))
                .join(schema.content_text, body.content_id == content.id)
                .join(schema.analysis, analysis.content_id == content.id)
                .where(content.article_id == article.id)
                .order_by(content.id)
            ).all()
            mentions = connection.execute(
                select(schema.mention.c.figure, schema.mention.c.start, schema.mention.c.because)
                .where(schema.mention.c.article_id == article.id)
                .order_by(schema.mention.c.id)
            ).all()
            found.append((sorted(keys.scalars()), [tuple(row) for row in versions], [tuple(row) for row in mentions]))
    return sorted(found, key=repr)


@dataclass
class Both:
    """Stores the same entries twice: as one batch, and one by one."""

    engine: Engine
    analyser: Analyser
    runs: int = 0

    def differ(self, source: Callable[[str], Source], batches: Sequence[Sequence[Entry]]) -> None:
        self.runs += 1
        told = {}
        for way in ("many", "single"):
            ours = source(f"{way} {self.runs}")
            present = frozenset(key for batch in batches for each in batch for key in each.keys)
            for batch in batches:
                with record.writing(self.engine) as connection:
                    commit = Commit(connection, NOW, "a test")
                    scoring = Scoring(commit.watchlist(self.analyser.watchlist), self.analyser.scorer)
                    id_ = commit.source(ours)
                    articles = [prepared(self.analyser.article(each, NOW)) for each in batch]
                    if way == "many":
                        commit.many([(id_, ours, articles)], scoring=scoring, present=present)
                    else:
                        for article in articles:
                            commit.article(id_, ours, article, scoring=scoring, present=present)
                    told.setdefault(way, []).append((commit.written.added, commit.written.edited))
            told[way].append(story_of(self.engine, ours.key))
        assert told["many"] == told["single"]


@pytest.fixture
def both(engine: Engine, analyser: Analyser) -> Both:
    return Both(engine, analyser)


@pytest.mark.parametrize("kind", ["feed", "archive"])
def test_many_at_once_leave_the_record_that_one_by_one_leave(both: Both, kind: Any) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.lists(_FEED_ENTRY, max_size=6), min_size=1, max_size=3))
    def same(batches: list[list[Entry]]) -> None:
        both.differ(lambda name: Source(kind=kind, key=name, name=name), batches)

    same()


def test_files_of_the_seed_folder_many_at_once_are_the_same_as_one_by_one(both: Both) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.lists(_FILE, max_size=6), min_size=1, max_size=3))
    def same(batches: list[list[Entry]]) -> None:
        # All seed files share their keys, so each way has paths and words of its own.
        def ours(batch: list[Entry], way: str) -> list[Entry]:
            return [
                entry(
                    way + each.source, each.body + way, keys=(f"path:{way}{each.source}",), published_from="file time"
                )
                for each in batch
            ]

        both.runs += 1
        counts = []
        for way in (f" many{both.runs}", f" single{both.runs}"):
            present = frozenset(key for batch in batches for each in ours(batch, way) for key in each.keys)
            source = Source(kind="folder", key=f"folder:{way}", name=way)
            done = []
            for batch in batches:
                with record.writing(both.engine) as connection:
                    commit = Commit(connection, NOW, "a test")
                    scoring = Scoring(commit.watchlist(both.analyser.watchlist), both.analyser.scorer)
                    id_ = commit.source(source)
                    articles = [both.analyser.article(each, NOW) for each in ours(batch, way)]
                    if "many" in way:
                        commit.many([(id_, source, articles)], scoring=scoring, present=present)
                    else:
                        for article in articles:
                            commit.article(id_, source, article, scoring=scoring, present=present)
                    done.append((commit.written.added, commit.written.edited))
            counts.append((done, len(story_of(both.engine, source.key))))
        assert counts[0] == counts[1]

    same()


def test_one_bad_article_in_a_batch_is_refused_alone(engine: Engine, analyser: Analyser) -> None:
    articles = [analyser.article(entry(key, "Ben Marsh won."), NOW) for key in "abc"]
    source = Source(kind="feed", key="f", name="f")
    broken = object.__new__(type(articles[1]))
    for name in ("text", "analysis", "tokens"):
        object.__setattr__(broken, name, getattr(articles[1], name))
    object.__setattr__(broken, "entry", entry("b", "x", link=object()))
    with record.writing(engine) as connection:
        commit = Commit(connection, NOW, "a test")
        scoring = Scoring(commit.watchlist(analyser.watchlist), analyser.scorer)
        (fault,) = commit.store_possible(
            [(commit.source(source), source, [articles[0], broken, articles[2]])], scoring=scoring
        )
    assert fault[0] is broken
    assert commit.written.added == 2
    assert len(story_of(engine, "f")) == 2


# -- who analyses -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Handful:
    entries: tuple[Entry, ...]


def poisoned(_line: Any = None) -> None:
    """In a worker: one article is more than it can bear."""
    whole = Analyser.article

    def article(self: Analyser, given: Entry, now: Any = None) -> Any:
        if "poison" in given.body:
            os._exit(9)
        return whole(self, given, now)

    Analyser.article = article  # type: ignore[method-assign]


def _watchlist(desk: Desk) -> Watchlist:
    return Watchlist.load(desk.data / "figures.toml", desk.data / "topics.toml")


def test_an_article_that_kills_its_worker_is_refused_and_nothing_hangs(desk: Desk) -> None:
    def make() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=poisoned)

    pool = WorkerPool(make, Method(_watchlist(desk)), utcnow, workers=1)
    batches = [Handful(tuple(entry(f"{b}{n}", "Ben Marsh won.") for n in range(2))) for b in range(3)]
    batches[1] = Handful((batches[1].entries[0], entry("bad", "poison")))
    try:
        found = [results for _, results in pool.analysed(batches)]
    finally:
        pool.close()
    refused = [result for results in found for result in results if isinstance(result, str)]
    assert refused == ["its analysis killed the worker: out of memory?"]
    assert isinstance(found[1][1], str)
    assert sum(map(len, found)) == 6


@pytest.mark.filterwarnings("ignore")  # Dask's own, about ports and event loops
def test_a_dask_cluster_of_real_processes_says_the_same_as_this_process(desk: Desk, analyser: Analyser) -> None:
    from distributed import LocalCluster

    batches = [Handful(tuple(entry(f"{b}{n}", "Ada Quill met Ben Marsh.") for n in range(3))) for b in range(4)]
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as here,
        analysts.cluster(Method(_watchlist(desk)), lambda: NOW, here.scheduler_address) as pool,
    ):
        there = [results for _, results in pool.analysed(batches)]
    assert there == [results for _, results in InProcess(analyser, lambda: NOW).analysed(batches)]


def test_a_cluster_that_does_not_answer_is_said_to(desk: Desk) -> None:
    with (
        pytest.raises(ClusterError, match="No Dask scheduler"),
        analysts.cluster(Method(_watchlist(desk)), utcnow, "nonsense"),
    ):
        pass


# -- scoring again ----------------------------------------------------------------------------------------------------


@dataclass
class Desks:
    """A record of some articles, and a watch-list to change."""

    engine: Engine
    desk: Desk

    def analyser(self, figures: str = FIGURES) -> Analyser:
        (self.desk.data / "figures.toml").write_text(figures, encoding="utf-8")
        return Analyser(_watchlist(self.desk))

    def store(self, analyser: Analyser, *bodies: str) -> None:
        source = Source(kind="feed", key="f", name="f")
        with record.writing(self.engine) as connection:
            commit = Commit(connection, NOW, "a test")
            scoring = Scoring(commit.watchlist(analyser.watchlist), analyser.scorer)
            articles = [analyser.article(entry(body, body), NOW) for body in bodies]
            commit.many([(commit.source(source), source, articles)], scoring=scoring)

    def score(self, analyser: Analyser, stop: Callable[[], bool] = lambda: False) -> Rescored:
        return Rescore(self.engine, analyser.watchlist, InProcess(analyser, lambda: NOW), lambda: NOW, stop).run()

    def figures(self, revision: int | None = None) -> list[str]:
        analysis, mention = schema.analysis.c, schema.mention.c
        live = analysis.rev_to.is_(None)
        if revision is not None:
            live = (analysis.rev_from <= revision) & or_(analysis.rev_to.is_(None), analysis.rev_to > revision)
        with self.engine.connect() as connection:
            found = select(mention.figure).join(schema.analysis, analysis.id == mention.analysis_id).where(live)
            return sorted(connection.execute(found).scalars())

    def rows(self) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(schema.analysis.c.id)).all())

    def in_force(self) -> str:
        with self.engine.connect() as connection:
            return watched.watchlist(connection).hash


@pytest.fixture
def desks(engine: Engine, desk: Desk) -> Desks:
    return Desks(engine, desk)


RENAMED = FIGURES.replace("ben-marsh", "benedict-marsh")
BODIES = ("It rained.", "Ada Quill won.", "Ben Marsh won.", "Marsh grass grew.")


def test_only_what_a_new_list_changes_gets_new_rows_and_the_old_ones_stay(desks: Desks) -> None:
    desks.store(desks.analyser(), *BODIES)
    new = desks.analyser(RENAMED)
    assert desks.score(new) == Rescored(checked=4, changed=2), "one says that the list is in force"
    assert desks.figures() == ["ada-quill", "benedict-marsh"]
    assert desks.figures(1) == ["ada-quill", "ben-marsh"]
    assert desks.in_force() == new.watchlist.hash
    assert desks.rows() == 6
    assert desks.score(new) == Rescored(), "all have been looked at"
    assert desks.rows() == 6


def test_a_list_that_is_put_back_scores_back(desks: Desks) -> None:
    old = desks.analyser()
    desks.store(old, *BODIES)
    desks.score(desks.analyser(RENAMED))
    again = desks.analyser()
    desks.score(again)
    assert again.watchlist.hash == old.watchlist.hash == desks.in_force()
    assert desks.figures() == desks.figures(1) == ["ada-quill", "ben-marsh"]
    assert desks.figures(2) == ["ada-quill", "benedict-marsh"]


def test_a_new_figure_whom_nobody_names_is_in_force_all_the_same(desks: Desks) -> None:
    desks.store(desks.analyser(), *BODIES)
    new = desks.analyser(FIGURES + '[[figure]]\nid = "zoe"\nname = "Zoe Nobody"\nstrong = ["Zoe Nobody"]\n')
    assert desks.score(new).changed == 1
    assert desks.in_force() == new.watchlist.hash


def test_what_an_older_process_adds_meanwhile_is_looked_at_the_next_time(desks: Desks) -> None:
    old = desks.analyser()
    desks.store(old, *BODIES)
    new = desks.analyser(RENAMED)
    desks.score(new)
    desks.store(old, "Ben Marsh came late.")
    assert desks.score(new).checked == 1
    assert desks.figures() == ["ada-quill", "benedict-marsh", "benedict-marsh"]


def test_scoring_again_goes_on_where_it_was_stopped(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescore, "BATCH", 2)
    desks.store(desks.analyser(), *(f"Ben Marsh won {n}." for n in range(5)))
    new = desks.analyser(RENAMED)
    answers: Iterator[bool] = iter([False, True])
    assert desks.score(new, stop=lambda: next(answers)).checked == 2
    assert desks.score(new).checked == 3
    assert desks.figures() == ["benedict-marsh"] * 5


def test_a_worker_that_ends_while_it_sends_its_results_holds_nobody_up(desk: Desk) -> None:
    with analysts.pool(Method(_watchlist(desk)), utcnow, workers=1) as pool:
        executor: Any = pool._make()
        pool._executor = executor
        executor.submit(os.getpid).result()
        following = executor._executor_manager_thread
        # The length of a message that never comes: what a worker leaves that ends in the middle of one.
        os.write(executor._result_queue._writer.fileno(), struct.pack("!i", 1_000) + b"...")
    following.join(20)
    assert not following.is_alive()


@on_sqlite
def test_workers_import_neither_streamlit_nor_polars(database: str) -> None:
    import subprocess
    import sys

    asked = "import sys, ingest.run.analysts; print({'streamlit', 'polars', 'pandas'} & set(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == "set()"
