"""Third-party text at the border to a spreadsheet. (The borders to pages and charts are the dashboard's.)"""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: a text that begins like one gets a leading apostrophe."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return "'" + value
    return value
