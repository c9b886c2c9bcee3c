"""The view and the URL: sidebar, search field, links, pinned revisions."""
