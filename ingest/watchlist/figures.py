"""The figures on the watch-list, read from `figures.toml`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from ingest.watchlist import tomlfile

_KEYS = {"id", "name", "strong", "weak", "famous", "not", "offices", "names", "wikidata", "group", "woman", "role"}
_OF_STATE = frozenset("president leader king emir".split())
_OF_GOVERNMENT = frozenset("prime premier chancellor taoiseach".split())
_ROLE_KEYS = {"title", "of", "from", "to", "phrases"}


@dataclass(frozen=True, slots=True)
class Role:
    """An office somebody holds or held, with its dates."""

    title: str
    of: str | None = None
    since: date | None = None
    until: date | None = None  #: the first day after it; None while it lasts
    phrases: tuple[str, ...] = ()  #: they mean the holder between these dates: "US president"

    def held_on(self, day: date) -> bool:
        """Whether it was held on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Role:
        """A role from what the record keeps of it."""
        since, until = (date.fromisoformat(kept[key]) if kept[key] else None for key in ("since", "until"))
        return cls(kept["title"], kept["of"], since, until, tuple(kept["phrases"]))


def rank(roles: Sequence[Role], day: date) -> int:
    """3 for a head of state that day, 2 for a head of government, 1 for any other office, 0 for none."""
    titles = [frozenset(role.title.lower().split()) for role in roles if role.held_on(day)]
    if any(title & _OF_STATE and "vice" not in title for title in titles):
        return 3
    if any(title & _OF_GOVERNMENT and "deputy" not in title for title in titles):
        return 2
    return 1 if titles else 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One person on the watch-list."""

    id: str
    name: str
    strong: tuple[str, ...]  #: always this person
    weak: tuple[str, ...] = ()  #: this person once a strong name has occurred in the article
    famous: bool = False  #: the weak names are safe alone
    not_: tuple[str, ...] = ()  #: longer phrases that contain the name and mean somebody or something else
    offices: tuple[str, ...] = ()  #: "Trump administration": a mention of the kind `office`
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()  #: (language, names) for other languages
    wikidata: str | None = None
    group: str = ""
    roles: tuple[Role, ...] = ()
    woman: bool | None = None  #: Mrs and Ms before the surname mean her, Mr before it somebody else; None: unknown

    def as_dict(self) -> dict[str, Any]:
        """The entry as the record keeps it."""
        plain = asdict(self)
        for role in plain["roles"]:
            for key in ("since", "until"):
                role[key] = role[key].isoformat() if role[key] else None
        return plain

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Figure:
        """A figure from what `as_dict` gave, now or in an older version, which knew fewer fields."""
        values = {each.name: kept[each.name] for each in fields(cls) if each.name in kept}
        values |= {key: tuple(values.get(key, ())) for key in ("strong", "weak", "not_", "offices")}
        values["names"] = tuple((language, tuple(given)) for language, given in values.get("names", ()))
        values["roles"] = tuple(map(Role.from_dict, values.get("roles", ())))
        return cls(**values)


def load(path: Path) -> list[Figure]:
    """The figures in a file, in its order. Raises ConfigFileError, naming line, entry and what is wrong with it."""
    return parse(tomlfile.entries(path, "figure"))


def parse(entries: Sequence[tomlfile.Table]) -> list[Figure]:
    """The figures of these entries. Raises ConfigFileError as `load`."""
    found = [(_figure(entry), entry) for entry in entries]
    owners: dict[str, str] = {}
    for figure, entry in found:
        for name in figure.strong:
            owner = owners.setdefault(_same(name), figure.id)
            if owner != figure.id:
                raise entry.complain(f"'strong' has \"{name}\", which is a strong name of {owner} already", "strong")
    for figure, entry in found:
        for key, given in (("weak", figure.weak), ("not", figure.not_), ("offices", figure.offices)):
            for name in given:
                owner = owners.get(_same(name), figure.id)
                if key == "not" and _same(name) in {_same(strong) for strong in figure.strong}:
                    raise entry.complain(f"'not' has \"{name}\", which is a strong name of this figure as well", key)
                if owner != figure.id:
                    raise entry.complain(f"'{key}' has \"{name}\", which is a strong name of {owner}", key)
    return [figure for figure, _ in found]


def _same(name: str) -> str:
    """A name folded so that equal results mean the same to the matcher: no capitals, accents, hyphens, dots."""
    plain = unicodedata.normalize("NFKD", name.replace("-", " ").replace(".", "").replace("’", "'"))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def _figure(entry: tomlfile.Table) -> Figure:
    entry.refuse_unknown(_KEYS)
    names = entry.table("names")
    for language, given in names.items():
        if len(language) != 2 or not language.islower():
            what = f"'names.{language}': give the language as two small letters, like names.ko"
            raise entry.complain(what, f"names.{language}")
        if not isinstance(given, list) or not all(isinstance(name, str) and name.strip() for name in given):
            raise entry.complain(f"'names.{language}' must be a list of texts", f"names.{language}")
    weak = tuple(entry.texts("weak"))
    if entry.flag("famous") and not weak:
        raise entry.complain("'famous' says that the weak names are safe alone, but there are none", "famous")
    return Figure(
        id=entry.slug("id"),
        name=entry.text("name"),
        strong=tuple(entry.texts("strong", required=True)),
        weak=weak,
        famous=entry.flag("famous"),
        not_=tuple(entry.texts("not")),
        offices=tuple(entry.texts("offices")),
        names=tuple((language, tuple(given)) for language, given in sorted(names.items())),
        wikidata=entry.optional_text("wikidata"),
        group=entry.optional_text("group") or "",
        roles=tuple(_role(role) for role in entry.tables("role")),
        woman=entry.flag("woman") if "woman" in entry.values else None,
    )


def _role(entry: tomlfile.Table) -> Role:
    entry.refuse_unknown(_ROLE_KEYS)
    since, until = entry.day("from"), entry.day("to")
    if since and until and until <= since:
        raise entry.complain(f"it ends ({until}) before it begins ({since})", "to")
    return Role(entry.text("title"), entry.optional_text("of"), since, until, tuple(entry.texts("phrases")))
