# ruff: noqa: E501 - what is written here must stand as it is
"""Ways to damage a feed: its bytes, its elements, what stands in them, its encoding."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

_TAG = re.compile(rb"<[^<>]{1,200}>")
_WORDS = re.compile(rb">[^<>]{1,200}<")

#: What parsers have stumbled over: references, markup, dates, addresses, lone bytes.
_THORNS = (
    b"&#xD800;", b"&#x110000;", b"&#0;", b"&#8;", b"&nbsp;", b"&unknown;", b"&", b"<", b">", b"]]>", b"<![CDATA[", b"<!--",
    b"-->", b"<?x ", b"?>", b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b"<!ENTITY a \"a\\1\\g<9>\">", b"\x00", b"\x0b", b"\x1b$B",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"+ADw-", b"</item>", b"</entry>", b"</channel>",
    b"<item>", b"<entry>", b"<svg>", b"<math>", b"<title>", b"<source>", b"<image>", b"<textinput>", b"<author><name>",
    b"javascript:alert(1)", b"data:text/html,x", b"http://[", b"http://e.example:99999/", b"//", b"http://a b/", b"\xe2\x80\xae",
    b"Fri, 30 Feb 2024 10:00:00 GMT", b"2024-02-30T25:61:61+99:99", b"99999999999999999999", b"0000-00-00", b"31.12.9999",
    b"1e400", b"NaN", b"null", b"[[[[[[", b"{\"a\":", b"\\ud800", b'"', b"'", b"=", b"xml:base='::'", b"xmlns:q='w'", b"q:title",
    b"encoding='utf-7'", b"encoding='idna'", b"encoding='x'", b"type='image/png'", b"mode='base64'", b"isPermaLink='true'",
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "cp037", "shift_jis", "gb18030", "utf-8-sig", "iso2022_jp", "utf-7")

Mutation = Callable[[bytes, Random], bytes]


def mutated(feeds: Sequence[bytes], rng: Random) -> bytes:
    """One of the feeds, damaged in one to six ways; the same for the same state of `rng`."""
    body = rng.choice(feeds)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        spliced = rng.random() < 0.1
        body = _splice(body, rng.choice(feeds), rng) if spliced else rng.choice(_MUTATIONS)(body, rng)
    return body[:200_000]


def _splice(one: bytes, other: bytes, rng: Random) -> bytes:
    return one[: rng.randint(0, len(one))] + other[rng.randint(0, len(other)) :]


def _byte(body: bytes, rng: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.choice((1, 2, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(body: bytes, rng: Random) -> bytes:
    start, end = sorted((rng.randint(0, len(body)), rng.randint(0, len(body))))
    return body[:start] + body[end:] if rng.random() < 0.5 else body[:end]


def _repeat(body: bytes, rng: Random) -> bytes:
    start = rng.randint(0, len(body))
    end = min(len(body), start + rng.choice((3, 30, 300)))
    return body[:end] + body[start:end] * rng.choice((1, 2, 50)) + body[end:]


def _thorn(body: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(body))
    return body[:at] + rng.choice(_THORNS) * rng.choice((1, 1, 1, 40)) + body[at:]


def _words(body: bytes, rng: Random) -> bytes:
    return _one_of(_WORDS, body, rng, lambda _: b">" + rng.choice(_THORNS) + b"<")


def _drop_tag(body: bytes, rng: Random) -> bytes:
    return _one_of(_TAG, body, rng, lambda _: b"")


def _double_tag(body: bytes, rng: Random) -> bytes:
    return _one_of(_TAG, body, rng, lambda found: found[0] * rng.choice((2, 3, 200)))


def _swap_tag(body: bytes, rng: Random) -> bytes:
    tags = _TAG.findall(body)
    return _one_of(_TAG, body, rng, lambda _: rng.choice(tags)) if tags else body


def _attribute(body: bytes, rng: Random) -> bytes:
    return _one_of(_TAG, body, rng, lambda found: found[0][:-1] + b" " + rng.choice(_THORNS) + b">")


def _encode(body: bytes, rng: Random) -> bytes:
    return body.decode("utf-8", "replace").encode(rng.choice(_ENCODINGS), "replace")


def _one_of(pattern: re.Pattern[bytes], body: bytes, rng: Random, new: Callable[[re.Match[bytes]], bytes]) -> bytes:
    found = list(pattern.finditer(body))
    if not found:
        return body
    chosen = rng.choice(found)
    return body[: chosen.start()] + new(chosen) + body[chosen.end() :]


_MUTATIONS: tuple[Mutation, ...] = (
    _byte, _cut, _repeat, _thorn, _thorn, _words, _words, _drop_tag, _double_tag, _swap_tag, _attribute, _encode,
)  # fmt: skip
