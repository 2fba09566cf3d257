"""Names of folders that can be written down: a run says in files where its data set is."""

from __future__ import annotations

from medcutmix_cli.errors import UsageError


def check_unicode(path: str) -> str:
    """Return a path that is Unicode text.

    Raises:
        UsageError: It holds bytes that are none.
    """
    told = path.encode("utf-8", "backslashreplace").decode()
    if told != path:
        raise UsageError("a name in this path is no UTF-8", where=told, hint="rename it, or link to it")
    return path
