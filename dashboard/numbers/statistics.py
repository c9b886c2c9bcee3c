"""Intervals and changes, as docs/methods.md defines them."""

from __future__ import annotations

import math

#: No mean is given for fewer stories: the interval's measured coverage fell to 85 % there.
FEWEST_STORIES = 5

_Z = 1.959963984540054


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, by Fisher's expansion; right within .001 from 4 degrees of freedom on."""
    z, v = _Z, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )


def mean_interval(
    stories: int, n: float, total: float, total_squares: float, products: float, n_squares: float, *, steps: int = 1
) -> tuple[float, float, float] | None:
    """Mean of n values in k stories with its 95 % interval, clustered by story; None under five stories.

    With n_c and s_c the count and sum of story c, in 1/`steps`: n = Σn_c, total = Σs_c, total_squares = Σs_c²,
    products = Σs_c·n_c, n_squares = Σn_c². m ± t·√(k/(k−1))·√Σ(s_c − m·n_c)² / n (linearised ratio estimator).
    """
    if stories < FEWEST_STORIES or n <= 0:
        return None
    mean = total / n / steps
    # n²·Σ(s_c − m·n_c)²: of whole numbers this is exact, and equal tones leave nothing.
    residual = max(0.0, n * n * total_squares - 2 * n * total * products + total * total * n_squares)
    half = student(stories - 1) * math.sqrt(stories / (stories - 1)) * math.sqrt(residual) / n**2 / steps
    return mean, max(-1.0, mean - half), min(1.0, mean + half)


def wilson(hits: float, of: int) -> tuple[float, float] | None:
    """95 % interval of a share (Wilson 1927); None for a share of nothing."""
    if of <= 0:
        return None
    share, z2 = hits / of, _Z * _Z
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    # Rounding must not leave the share itself outside: 0 of 12 would begin at 3e-17.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


def change(now: float, before: float) -> float | None:
    """The change against the period before: `now / before - 1`; None if `before` is 0."""
    return now / before - 1 if before else None
