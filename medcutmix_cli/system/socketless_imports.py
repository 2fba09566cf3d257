"""Load urllib3 without the socket that it opens: importing it binds one to ::1, to learn whether there is IPv6.

pydicom and spaCy import it (for downloads that nobody here asks for). Nothing is sent, but a program that promises to
open no socket should not have to explain one.
"""

from __future__ import annotations

import importlib
import sys


def load_urllib3() -> None:
    """Load it, where it is installed, before anybody else does; its answer and Python's are put back to what they were.

    `socket.has_ipv6` is False meanwhile, so that it does not look (urllib3/util/connection.py, `_has_ipv6`); what it
    would have found out is left to the system, as urllib3 does where it found IPv6.
    """
    if "urllib3" in sys.modules:
        return
    import socket

    before = socket.has_ipv6
    socket.has_ipv6 = False
    try:
        connection = importlib.import_module("urllib3.util.connection")
    except ImportError:
        return
    finally:
        socket.has_ipv6 = before
    vars(connection)["HAS_IPV6"] = before
