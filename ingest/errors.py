"""Everything that can go wrong on purpose, as one tree.

    IngestError
    ├── SettingError      a setting has a value that is not allowed
    ├── ConfigFileError   figures, topics or feeds file that can't be read
    ├── SourceError       bytes that could not be had
    │   └── FetchError    … over HTTP
    │       └── Forbidden … from where we do not fetch
    ├── ParseError        bytes that are no feed and no article
    │   └── Stopped       … or whose reading had to be stopped
    ├── SearchError       a search that can't be understood, or takes too long
    ├── ClusterError      the workers of a bulk run that can't be had
    ├── LabelledError     a file of labelled mentions that can't be read
    ├── ScorerError       a tone scorer that is not there or can't be used
    └── RecordError       the record can't be used
        ├── NewerRecord   … it was written by a newer version
        └── RecordBusy    … another loop already follows the feeds

Every message says what a person can do about it.
"""

from __future__ import annotations

from datetime import timedelta


class IngestError(Exception):
    """The root: catch this to go on with the next source."""


class SettingError(IngestError):
    """A setting has a value that is not allowed."""


class ConfigFileError(IngestError):
    """The figures, topics or feeds file can't be read."""


class SourceError(IngestError):
    """Bytes of a source could not be had."""


class FetchError(SourceError):
    """… over HTTP; `status` is the answer's code and `retry_after` its wish, where there was an answer."""

    def __init__(self, message: str, status: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    @property
    def gone(self) -> bool:
        """Whether the server says that the address was given up for good."""
        return self.status == 410

    @property
    def final(self) -> bool:
        """Whether to ask again is of no use: a refusal, other than one of so many requests."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in (408, 425, 429)


class Forbidden(FetchError):
    """… from where we do not fetch: a private network, or a page that robots.txt forbids."""

    @property
    def final(self) -> bool:
        return True


class ParseError(IngestError):
    """The bytes are neither a feed nor an article."""


class Stopped(ParseError):
    """… or reading them took too long, too much memory or the process that did it: to try again is of no use."""


class ClusterError(IngestError):
    """The workers of a bulk run can't be had."""


class LabelledError(IngestError):
    """A file of labelled mentions can't be read."""


class ScorerError(IngestError):
    """A tone scorer is not there, or can't be used."""


class SearchError(IngestError):
    """A search can't be understood, or takes too long; `start` and `end` are the place in it, where there is one."""

    def __init__(self, message: str, start: int | None = None, end: int | None = None) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class RecordError(IngestError):
    """The record can't be used."""


class NewerRecord(RecordError):
    """The record was written by a newer version of this program."""


class RecordBusy(RecordError):
    """Another loop already follows the same feeds."""


def bug(what: str, error: Exception) -> str:
    """What people are told of a fault that nobody expected: it is ours, and never everybody's."""
    return f"{what} failed ({type(error).__name__}: {error}). Please report it."
