"""Log lines that programs can read: events with facts, as key=value pairs or as JSON (DISCOURSE_LOG_FORMAT)."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal

from rich.console import Console
from rich.logging import RichHandler

Format = Literal["text", "json"]

#: Values that need no quotes; other characters could end the value or the line.
_PLAIN = re.compile(r"[\w.:/@%+,-]+")

_LINE_ENDS = re.compile("[\x7f-\x9f\u2028\u2029]")


def event(log: logging.Logger, name: str, **facts: object) -> None:
    """Logs an event with its facts; those that are None are left out."""
    known = {key: value for key, value in facts.items() if value is not None}
    log.info("%s", pairs({"event": name, **known}), extra={"facts": {"event": name, **known}})


def pairs(facts: dict[str, Any]) -> str:
    """`key=value` pairs separated by blanks; a value of more than a word is quoted as in JSON."""
    return " ".join(f"{key}={_value(value)}" for key, value in facts.items())


def _value(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if _PLAIN.fullmatch(text) else _dumped(text)


def _dumped(value: object) -> str:
    """The value as readable JSON on one line, without the other characters that some programs end a line at."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if text.isprintable() else _LINE_ENDS.sub(lambda hit: f"\\u{ord(hit[0]):04x}", text)


class Json(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the facts of an event."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        facts = getattr(record, "facts", None)
        line |= facts if facts else {"message": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _dumped(line)


class Text(logging.Formatter):
    """One line each: time (UTC), level, message; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC)
        line = f"{when:%Y-%m-%dT%H:%M:%S}Z {record.levelname} {' '.join(record.getMessage().splitlines())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def start(level: str, form: Format, people: Console) -> None:
    """Sends all log lines to stderr: in colour on a terminal, else one line each."""
    handler: logging.Handler
    if form == "text" and people.is_terminal:
        handler = RichHandler(console=people, show_path=False, rich_tracebacks=False)
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Json() if form == "json" else Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These log every request and every parsed page.
    for library in ("httpx2", "httpcore2", "trafilatura", "watchfiles", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
