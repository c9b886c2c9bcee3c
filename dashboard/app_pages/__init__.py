"""One module a page: `draw(page)` draws it.

Not `pages/`: Streamlit takes a folder of that name for pages of its own, and a link to /articles that is the first
request of a process would run the module as a script, and show nothing.
"""
