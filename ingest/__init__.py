"""From bytes to facts: fetch, parse, identify, analyse, store."""

#: The one place where the version stands: pyproject.toml, the settings and the command line read it here.
__version__ = "0.1.0"
