"""Addresses: what may be a link, and when two are one page."""

from __future__ import annotations

import pytest

from ingest import urls


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "mailto:desk@example.org",
        "https://user:secret@example.org/",
        "https://example.org\\@evil.example/",
        "https://example.org:99999/",
        "https://[broken",
        "https:///nothing",
        "java\nscript:alert(1)",
        "https://example.org/\u202egpj.exe",
        "https://example.org/" + "a" * 3000,
        "",
        None,
    ],
)
def test_what_is_no_web_address_becomes_no_link(text: str | None) -> None:
    assert urls.web_address(text, "https://example.org/feed") is None


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("/a", "https://example.org/a"),
        ("b", "https://example.org/news/b"),
        ("//cdn.example.net/x", "https://cdn.example.net/x"),
        ("http://other.example/?q=1", "http://other.example/?q=1"),
        ("  https://example.org/a b  ", "https://example.org/a%20b"),
        ("example.org/without-scheme", "https://example.org/without-scheme"),
        ("https://example.org/ü", "https://example.org/%C3%BC"),
        ('https://example.org/?q="x"', "https://example.org/?q=%22x%22"),
    ],
)
def test_links_are_resolved_against_their_feed(text: str, resolved: str) -> None:
    assert urls.web_address(text, "https://example.org/news/feed.xml") == resolved


def test_a_relative_link_without_a_base_is_no_link() -> None:
    assert urls.web_address("/a") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "https://EXAMPLE.org/a/",
        "https://example.org:443/a",
        "https://example.org/a?utm_source=rss&utm_medium=feed",
        "https://example.org/a?at_medium=RSS",
        "https://example.org/a?fbclid=x",
        "https://example.org/a#utm_source=rss",
    ],
)
def test_spellings_of_one_page_have_one_canonical_form(url: str) -> None:
    assert urls.canonical(url) == "https://example.org/a"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.org/?p=1", "https://e.org/?p=2"),
        ("https://e.org/?123", "https://e.org/?124"),
        ("https://e.org/?game=1", "https://e.org/?game=2"),
        ("https://e.org/?reference=1", "https://e.org/?reference=2"),
        ("https://e.org/a#1", "https://e.org/a#2"),
        ("https://e.org/a", "https://e.org/A"),
        ("https://e.org/to/https://a.org/1", "https://e.org/to/https://a.org/2"),
        ("https://e.org/a", "https://www.f.org/a"),
    ],
)
def test_addresses_that_differ_in_meaning_stay_apart(one: str, other: str) -> None:
    assert urls.canonical(one) != urls.canonical(other)


def test_the_order_of_parameters_and_the_spelling_of_escapes_do_not_count() -> None:
    assert urls.canonical("https://e.org/?b=2&a=1") == urls.canonical("https://e.org?a=1&b=2")
    assert urls.canonical("https://e.org/caf%c3%a9") == urls.canonical("https://e.org/café")


def test_what_is_no_address_stays_as_it_is() -> None:
    assert urls.canonical("https://[x") == "https://[x"
    assert urls.canonical(" tag:x ") == "tag:x"


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        ("https://e.org/news", "https://e.org/news"),
        ("e.org/", "https://e.org/"),
        ("www.e.co.uk/blog/", "https://www.e.co.uk/blog/"),
        ("/blog", "https://feeds.example.net/blog"),
        ("index.html", "https://feeds.example.net/e/index.html"),
        ("news.html/x", "https://feeds.example.net/e/news.html/x"),
        ("javascript:alert(1)", None),
    ],
)
def test_a_feeds_own_link_without_a_scheme_is_a_site(home: str, expected: str | None) -> None:
    assert urls.site(home, "https://feeds.example.net/e/feed") == expected


def test_a_feed_without_a_link_of_its_own_has_its_address_as_base() -> None:
    assert urls.site(None, "https://e.org/feed") is None
    assert urls.site("e.org/", "feed.xml") == "https://e.org/"
