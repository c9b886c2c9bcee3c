"""HTML of feeds as plain text."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.text import markup


def test_paragraphs_are_parted_by_a_blank_line_and_lists_stay_lines() -> None:
    html = "<h2>Head</h2><p>One <b>bo</b>ld\n word.</p><ul><li>a<li>b</ul><div>Two<br>lines</div>"
    assert markup.to_text(html) == "Head\n\nOne bold word.\n\na\nb\n\nTwo\nlines"


def test_scripts_styles_and_drawings_are_gone() -> None:
    html = "<p onclick='x()'>Words<script>alert(1)</script><style>p{}</style><svg><text>no</text></svg> stay</p>"
    assert markup.to_text(html) == "Words stay"


def test_entities_are_decoded_once() -> None:
    assert markup.to_text("AT&amp;T &#8217; &lt;b&gt;") == "AT&T ’ <b>"
    assert markup.to_text("<i>AT&amp;T</i> &lt;b&gt;") == "AT&T <b>"


def test_plain_text_keeps_its_lines_and_its_signs() -> None:
    assert markup.to_text("5 < 6 and 7 > 3\n\n• a\n• b") == "5 < 6 and 7 > 3\n\n• a\n• b"


def test_control_characters_do_not_end_the_text() -> None:
    assert markup.to_text("<p>a\x00b\x01c&#xD800;&#0;</p>d").startswith("abc")
    assert markup.to_text("<p>a\x00b</p>d").endswith("d")


def test_hostile_markup_is_read_in_linear_time() -> None:
    start = time.process_time()
    for html in (
        "<div>" * 100_000 + "deep",
        "<" * 200_000,
        "<!--" * 100_000,
        "<a " * 100_000,
        "<b><i><a>" * 30_000,
        "&" * 200_000,
    ):
        markup.to_text(html)
    # Half a second on a slow machine; anything quadratic takes minutes.
    assert time.process_time() - start < 20


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("<>&;/!-'\"= abp\n\x00#x[]?\ud800é")))
def test_it_never_raises(html: str) -> None:
    assert "\x00" not in markup.to_text(html)
