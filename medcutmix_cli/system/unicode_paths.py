"""Names of folders that can be written down: a run says in files where its data set is."""

from __future__ import annotations

from medcutmix_cli.errors import UsageError


def check_unicode(path: str) -> str:
    """Return a path that is Unicode text.

    Raises:
        UsageError: It holds bytes that are none.
    """
    told = path.encode("utf-8", "backslashreplace").decode()
    if told == path:
        return path
    if _is_utf8(path):
        hint = "export LC_ALL=C.UTF-8, then run the same command again"
        raise UsageError("the locale does not know a letter of this path", where=told, hint=hint)
    raise UsageError("a name in this path is no UTF-8", where=told, hint="rename it, or link to it")


def _is_utf8(path: str) -> bool:
    """Tell whether the bytes that the locale could not read are letters in UTF-8 (PEP 383)."""
    try:
        path.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return False
    return True
