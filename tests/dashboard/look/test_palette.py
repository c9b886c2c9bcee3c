"""The promises about colour: told apart with every kind of sight, and readable on page and card."""

from __future__ import annotations

import itertools
import tomllib

import numpy as np
import pytest

from dashboard.look.palette import DARK, GLYPHS, LIGHT, MARKERS, Theme, of
from ingest.settings import PROJECT

#: Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65

themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    t = XYZ @ rgb / WHITE
    x, y, z = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def difference(one: str, other: str, sight: str) -> float:
    """CIE76 between two colours as that sight has them."""
    seen = [lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1)) for colour in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2."""
    dark, light = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_the_measures_agree_with_known_values() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21, abs=0.01)
    assert lab(linear("#FF0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


@themes
@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_series_nor_a_series_and_a_tone_are_confused(theme: Theme, sight: str) -> None:
    tones = (theme.tone_negative, theme.tone_neutral, theme.tone_positive)
    pairs = [*itertools.combinations(theme.series, 2), *itertools.product(theme.series, tones)]
    close = {pair: round(difference(*pair, sight), 1) for pair in pairs if difference(*pair, sight) < 20}
    assert not close


@themes
def test_lines_and_tones_stand_out_from_page_and_card(theme: Theme) -> None:
    drawn = (*theme.series, theme.tone_negative, theme.tone_neutral, theme.tone_positive)
    faint = {colour for colour in drawn for ground in (theme.background, theme.card) if contrast(colour, ground) < 3}
    assert not faint


@themes
def test_text_is_readable(theme: Theme) -> None:
    for ground in (theme.background, theme.card):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.muted, ground) >= 4.5
    assert contrast(theme.accent, theme.accent_background) >= 7
    assert contrast(theme.primary, "#FFFFFF") >= 3.9  # no colour has 4.5 with white and with the dark card
    assert contrast(theme.primary, theme.card) >= 3.9


@themes
def test_colour_never_stands_alone(theme: Theme) -> None:
    assert len(theme.series) == len(set(MARKERS)) == len(set(GLYPHS)) == 6


@themes
def test_a_seventh_figure_is_grey(theme: Theme) -> None:
    assert [theme.colour(5), theme.colour(6), theme.colour(40)] == [theme.series[5], theme.grey, theme.grey]


def test_the_theme_is_light_until_the_browser_says_dark() -> None:
    assert (of("dark"), of("light"), of(None)) == (DARK, LIGHT, LIGHT)


@themes
def test_streamlit_is_configured_with_the_same_colours(theme: Theme) -> None:
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    section = config["theme"][theme.name]
    assert section["backgroundColor"] == theme.background
    assert section["secondaryBackgroundColor"] == section["sidebar"]["backgroundColor"] == theme.card
    assert section["textColor"] == section["sidebar"]["textColor"] == theme.text
    assert section["primaryColor"] == section["sidebar"]["primaryColor"] == theme.primary
    assert (section["orangeColor"], section["blueColor"]) == (theme.tone_negative, theme.tone_positive)
    assert tuple(section["chartCategoricalColors"]) == theme.series


def test_streamlit_knows_every_option_and_keeps_to_itself() -> None:
    from streamlit import config as streamlit_config

    text = (PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    known = set(streamlit_config.get_config_options())

    def names(table: dict[str, object], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for key, value in table.items():
            found |= names(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}"}
        return found

    config = tomllib.loads(text)
    assert names(config) <= known
    assert config["server"]["address"] == "localhost"
    assert config["server"]["enableXsrfProtection"] is True
    assert config["browser"]["gatherUsageStats"] is False
