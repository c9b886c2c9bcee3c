"""Addresses: what may be a link, and when two are one page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.text import urls


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://e.org/a", "https://e.org/a"),
        ("https://e.org/a/?utm_source=rss&utm_campaign=x", "http://e.org/a"),
        ("https://www.e.org/a", "https://e.org/a"),
        ("https://m.e.org/a", "https://www.e.org/a"),
        ("https://mobile.e.co.uk/a", "https://e.co.uk/a"),
        ("https://amp.e.org/a", "https://e.org/a"),
        ("https://en.m.e.org/a", "https://en.e.org/a"),
        ("https://e.org/a?amp", "https://e.org/a"),
        ("https://e.org/a?amp=1&id=2", "https://e.org/a?id=2"),
        ("https://müller.example/ä", "https://xn--mller-kva.example/%C3%A4"),
    ],
)
def test_bad_input_53_http_and_https_tracking_slash_and_mobile_hosts_are_one_page(one: str, other: str) -> None:
    one, other = urls.web_address(one) or "", urls.web_address(other) or ""
    assert urls.canonical(one) == urls.canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.org/a?id=1", "https://e.org/a?id=2"),
        ("https://e.org/a?id=1", "https://e.org/a"),
        ("https://e.org/a#part-1", "https://e.org/a#part-2"),
        ("https://e.org/?v=1&v=2", "https://e.org/?v=2&v=1"),
        ("https://e.org/a?amp=12", "https://e.org/a"),
        ("https://m.co.uk/a", "https://co.uk/a"),
        ("https://mobile.example/a", "https://www.example/a"),
        ("https://news.e.org/a", "https://e.org/a"),
        ("https://e.org:8080/a", "https://e.org/a"),
        ("https://e.org/a%2Fb", "https://e.org/a/b"),
    ],
)
def test_bad_input_54_a_meaningful_query_or_fragment_keeps_pages_apart(one: str, other: str) -> None:
    assert urls.canonical(one) != urls.canonical(other)


def test_a_name_in_another_script_becomes_the_name_that_browsers_ask_for() -> None:
    assert urls.web_address("https://straße.example/ß?q=ü") == "https://xn--strae-oqa.example/%C3%9F?q=%C3%BC"
    assert urls.web_address("https://¹.\u2024.example/") is None


NAMES = st.sampled_from(["www", "m", "mobile", "amp", "news", "co", "uk", "e", "org", "example", "xn--mller-kva"])
WORDS = st.text("abAZ019-_.~%é /;:@", max_size=8)
PARAMETERS = st.lists(
    st.tuples(
        st.sampled_from(["id", "p", "utm_source", "fbclid", "amp", "ref", "a", ""]), st.text("ab1&=%é", max_size=4)
    ),
    max_size=4,
)
ADDRESSES = st.builds(
    lambda scheme, names, port, path, query, fragment: (
        f"{scheme}://{'.'.join(names)}{port}{''.join('/' + part for part in path)}"
        + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
        + (f"#{fragment}" if fragment else "")
    ),
    st.sampled_from(["http", "https", "HTTPS"]),
    st.lists(NAMES, min_size=1, max_size=4),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.lists(WORDS, max_size=3),
    PARAMETERS,
    WORDS,
)


@settings(deadline=None)
@given(ADDRESSES | st.text(max_size=60))
def test_an_address_once_read_is_read_as_itself(text: str) -> None:
    address = urls.web_address(text)
    if address is not None:
        assert urls.web_address(address) == address
        assert address.isascii()
        assert address.startswith(("http://", "https://"))


@settings(deadline=None)
@given(ADDRESSES | st.text(max_size=60))
def test_a_canonical_address_is_its_own_canonical_address(text: str) -> None:
    address = urls.web_address(text)
    if address is not None:
        canonical = urls.canonical(address)
        assert urls.canonical(canonical) == canonical


@settings(deadline=None)
@given(ADDRESSES, st.sampled_from(["utm_source=x", "fbclid=1"]))
def test_where_a_reader_came_from_never_makes_another_page(text: str, tracking: str) -> None:
    address = urls.web_address(text)
    if address is not None and "#" not in address:
        assert urls.canonical(address) == urls.canonical(f"{address}{'&' if '?' in address else '?'}{tracking}")


@settings(deadline=None)
@given(ADDRESSES, st.sampled_from(["id", "p", "page", "story"]), st.integers(0, 99), st.integers(0, 99))
def test_pages_told_apart_by_a_parameter_are_never_joined(text: str, name: str, one: int, other: int) -> None:
    address = urls.web_address(text)
    if address is not None and "#" not in address and "?" not in address:
        same = urls.canonical(f"{address}?{name}={one}") == urls.canonical(f"{address}?{name}={other}")
        assert same == (one == other)


@settings(deadline=None)
@given(st.text("abcAB01-", min_size=1, max_size=6), st.text("abcAB01-", min_size=1, max_size=6))
def test_pages_of_two_paths_are_never_joined(one: str, other: str) -> None:
    same = urls.canonical(f"https://e.org/{one}") == urls.canonical(f"https://e.org/{other}")
    assert same == (one == other)
