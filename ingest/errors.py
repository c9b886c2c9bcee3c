"""Every error that the program raises on purpose; every message says what a person can do about it."""

from __future__ import annotations

from datetime import timedelta


class IngestError(Exception):
    """The root of the tree: catch this to continue with the next source."""


class SettingError(IngestError):
    """A setting has a value that is not allowed."""


class ConfigFileError(IngestError):
    """The figures, topics or feeds file can't be read."""


class SourceError(IngestError):
    """Bytes of a source can't be read."""


class FetchError(SourceError):
    """An HTTP fetch failed; `status` and `retry_after` (the pause asked for) are the answer's, if there was one."""

    def __init__(self, message: str, status: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    @property
    def gone(self) -> bool:
        """Whether the server says that the address was removed permanently."""
        return self.status == 410

    @property
    def final(self) -> bool:
        """Whether asking again is useless: the server refuses, and not because of too many requests."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in (408, 425, 429)


class Forbidden(FetchError):
    """Fetching there is not allowed: a private network, or a page that robots.txt forbids."""

    @property
    def final(self) -> bool:
        return True


class ParseError(IngestError):
    """The bytes are neither a feed nor an article."""


class Stopped(ParseError):
    """Reading the bytes took too long or too much memory, or ended its process; trying again is useless."""


class ClusterError(IngestError):
    """The workers of a bulk run can't be used."""


class LabelledError(IngestError):
    """A file of labelled mentions can't be read."""


class ScorerError(IngestError):
    """A tone scorer is missing or can't be used."""


class SearchError(IngestError):
    """A search can't be understood, or takes too long; `start` and `end` are the place of the fault, if known."""

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
