"""What OpenCV is asked to be like while our own work runs, and not a moment longer."""

from __future__ import annotations

from contextlib import AbstractContextManager

import cv2

from medcutmix_cli.system.library_settings import HeldSetting

_THREADS = HeldSetting(cv2.getNumThreads, cv2.setNumThreads, 1)
_LOG_LEVEL = HeldSetting(cv2.getLogLevel, cv2.setLogLevel, 0)


def single_threaded_opencv() -> AbstractContextManager[None]:
    """Keep OpenCV to one thread a call: for work that has threads of its own, with which its pool would fight."""
    return _THREADS.hold()


def silent_opencv() -> AbstractContextManager[None]:
    """Keep OpenCV from printing: a damaged picture is ours to report, not the decoder's."""
    return _LOG_LEVEL.hold()
