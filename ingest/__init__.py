"""From bytes to facts: fetch, parse, identify, analyse, store."""

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("discourse-monitor")
    except PackageNotFoundError:  # run from a checkout, the usual way
        return "0.1.0"


__version__ = _version()
