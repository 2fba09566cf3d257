"""A process that dies when it, or a library or child of it, opens a socket to a network (Linux, seccomp).

The kernel is asked, not Python: what a library written in C opens is seen as well. Sockets of this machine's own
programs (AF_UNIX) may be opened: the C library asks one of them for a user's home.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_NUMBERS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Machine -> (AUDIT_ARCH, number of socket(2))."""

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_AF_UNIX = 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def can_forbid() -> bool:
    """Say whether this system can."""
    return (
        sys.platform == "linux" and platform.machine() in _NUMBERS and os.access("/proc/self/status", os.R_OK)
    )


def forbid_sockets() -> None:
    """Have this process, and all that it starts, killed by SIGSYS when it opens a socket to a network.

    Raises:
        OSError: The kernel does not let us.
    """
    arch, number = _NUMBERS[platform.machine()]
    steps = (
        (_LOAD, 0, 0, 4),  # seccomp_data.arch
        (_EQUAL, 0, 5, arch),
        (_LOAD, 0, 0, 0),  # seccomp_data.nr
        (_EQUAL, 0, 3, number),
        (_LOAD, 0, 0, 16),  # its first argument: the family
        (_EQUAL, 1, 0, _AF_UNIX),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.addressof(code))
    library = ctypes.CDLL(None, use_errno=True)
    for call in ((_NO_NEW_PRIVS, 1, 0, 0, 0), (_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)):
        if library.prctl(*call):
            raise OSError(ctypes.get_errno(), "prctl refuses")
