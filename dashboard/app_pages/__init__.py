"""The pages: one module each, whose `draw(page)` draws it, and a row in PAGES.

Not `pages/`: Streamlit takes a folder of that name for pages of its own, and a link to /articles that is the first
request of a process would run the module as a script, and show nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard import keys
from dashboard.app_pages import articles, audit, figures, methods, overview, sources
from dashboard.parts import evidence
from dashboard.state.page import Page


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page as navigation, links, warm-up and tests know it."""

    title: str
    icon: str  #: a Material symbol
    path: str  #: in the URL; empty for the first page
    draw: Callable[[Page], None]
    parameters: tuple[str, ...] = ()  #: of the URL that it sets itself, beside the filters


#: In the order of the navigation.
PAGES: Final = (
    PageRow("Overview", ":material/monitoring:", "", overview.draw, (evidence.OPEN,)),
    PageRow("Figures", ":material/person_search:", "figures", figures.draw, (figures.FIGURE, evidence.OPEN)),
    PageRow("Articles", ":material/article:", "articles", articles.draw, (keys.ARTICLE,)),
    PageRow("Sources", ":material/rss_feed:", "sources", sources.draw),
    PageRow("Audit", ":material/fact_check:", "audit", audit.draw, (audit.SAMPLE,)),
    PageRow("Methods", ":material/menu_book:", "methods", methods.draw),
)

#: Every parameter that some page sets itself.
PARAMETERS: Final = tuple(dict.fromkeys(name for row in PAGES for name in row.parameters))
