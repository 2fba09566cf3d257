"""Processes that decode pictures, handed out to threads: what a decoder does to its process ends one picture only.

A decoder that dies is started anew; a picture of which two have died is refused by name.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import mmap
import os
import select
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from medcutmix_cli.errors import ImageError, MedcutmixError, UsageError
from medcutmix_cli.images.decoder_process import SECONDS, start_line
from medcutmix_cli.images.decoding import DecodedPicture, DecodingRequest
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.system.signals import shield_children

MOST = 32
"""Decoders of one process, however many threads ask at once: each holds 100 MB."""

PATIENCE = 600
"""Seconds until a decoder that neither answers nor ends is given up: it is stopped, or waits for what never comes.

One that is busy ends after `SECONDS` of its own, however many others use the processor.
"""

_KEPT = 1 << 26  # bytes of shared memory that stay between pictures


class _Died(Exception):  # noqa: N818 - what happened, told by its signal
    """A decoder ended, or was ended, without an answer; the argument is its exit status."""


class Decoder:
    """One process that decodes, started when it is first needed, and the memory it shares with this one."""

    def __init__(self) -> None:
        self._content, self._pixels = _SharedMemory(), _SharedMemory()
        self._process: _Process | None = None

    def room(self, size: int) -> memoryview:
        """Return memory for the bytes of a file."""
        with _explained():
            return self._content.room(size)

    def decode(self, request: DecodingRequest) -> DecodedPicture:
        """Return the picture whose bytes were put into `room`.

        Raises:
            ImageError: Also "image-crashed-decoder" and "image-too-slow".
        """
        with _explained():
            pixels = self._pixels.room(request.canvas**2)
        try:
            answer = self._ask(request)
        except _Died as died:
            if died.args[0] == -signal.SIGXCPU:
                raise _refusal(died.args[0]) from None
            answer = self._ask_again(request)
        if "what" in answer:
            raise _told(answer)
        at = letterbox(answer["height"], answer["width"], request.canvas)
        plane = np.frombuffer(pixels, np.uint8, at.height * at.width).reshape(at.height, at.width)
        return DecodedPicture(plane.copy(), at, answer["corrupt"])

    def _ask_again(self, request: DecodingRequest) -> dict[str, Any]:
        try:  # somebody may have ended the first one, for nothing that the picture did
            return self._ask(request)
        except _Died as died:
            raise _refusal(died.args[0]) from None

    def _ask(self, request: DecodingRequest) -> dict[str, Any]:
        process = self._running()
        sizes = {"content": self._content.size, "pixels": self._pixels.size}
        line = json.dumps(asdict(request) | sizes).encode() + b"\n"
        try:
            with suppress(BrokenPipeError):  # what ended it is told by who waits for its answer
                os.write(process.requests, line)
            return dict(json.loads(process.line()))
        except BaseException:
            self.close()  # an answer that nobody has read would be taken for the next one's
            raise

    def _running(self) -> _Process:
        if self._process is None:
            with _explained():
                self._process = _Process(self._content.handle, self._pixels.handle)
            self._process.wait_until_ready()
        return self._process

    def close(self) -> None:
        """End the process; the next picture starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.end()


class _Process:
    """A running decoder and the pipes to it.

    Attributes:
        requests: Handle of the pipe that takes them.
    """

    def __init__(self, content: int, pixels: int) -> None:
        self._complaints = _memory_file()
        with shield_children():
            self._popen = subprocess.Popen(  # noqa: S603 - this interpreter with a module of ours
                start_line(content, pixels),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                pass_fds=(content, pixels),
                bufsize=0,
            )
        self.requests, self._answers = (
            pipe.fileno() for pipe in (self._popen.stdin, self._popen.stdout) if pipe
        )

    def wait_until_ready(self) -> None:
        """Wait for the word that it has started.

        Raises:
            MedcutmixError: It does not start.
        """
        try:
            self.line()
        except _Died as died:
            said = os.pread(self._complaints, 4096, 0).decode(errors="replace").strip().splitlines()
            what = f"the process that decodes pictures does not start (exit status {died.args[0]})"
            raise MedcutmixError(what, hint=said[-1] if said else "is there enough memory?") from None

    def line(self) -> bytes:
        """Wait for its next line.

        Raises:
            _Died: It ended, or `PATIENCE` is over. Seconds in which this process was stopped do not count.
        """
        line, poll = b"", select.poll()
        poll.register(self._answers, select.POLLIN)
        for _second in range(PATIENCE):
            if poll.poll(1000):
                part = os.read(self._answers, 4096)
                line += part
                if not part:
                    raise _Died(self._popen.wait())
                if line.endswith(b"\n"):
                    return line
        raise _Died(-signal.SIGXCPU)

    def end(self) -> None:
        """End it at once."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()
        os.close(self._complaints)


class _SharedMemory:
    """Memory behind a handle that a child process is given; it grows with what it has to hold."""

    def __init__(self) -> None:
        self.handle = _memory_file()
        self.size = 0
        self._map: mmap.mmap | None = None

    def room(self, size: int) -> memoryview:
        """Return memory for `size` bytes; what was in it may be lost."""
        if size > self.size or (self.size > _KEPT >= size):
            self.size = max(1 << 20, 1 << (size - 1).bit_length())
            self._map = None
            os.ftruncate(self.handle, self.size)
            self._map = mmap.mmap(self.handle, self.size)
        return memoryview(self._map or b"")[:size]

    def __del__(self) -> None:
        """Give the memory back."""
        with suppress(OSError):
            os.close(self.handle)


class Decoders:
    """The decoders of this process: as many as there are threads that ask at once, `MOST` at most."""

    def __init__(self) -> None:
        self._idle: list[Decoder] = []
        self._room = threading.BoundedSemaphore(MOST)

    @contextmanager
    def lend(self) -> Iterator[Decoder]:
        """Hand out a decoder, waiting for one where all are busy."""
        with self._room:
            decoder = self._take()
            try:
                yield decoder
            finally:
                self._idle.append(decoder)

    def _take(self) -> Decoder:
        try:
            return self._idle.pop()
        except IndexError:
            with _explained():
                return Decoder()

    def close(self) -> None:
        """End the processes that nobody uses."""
        while self._idle:
            self._idle.pop().close()


class _Own:
    """The decoders of this process, and those of its parent if it was forked."""

    decoders = Decoders()
    inherited: list[Decoders] = []  # noqa: RUF012 - never used again; letting go of them would wait for their processes


def lend_decoder() -> AbstractContextManager[Decoder]:
    """Hand out one of this process's decoders."""
    _watch_process()
    return _Own.decoders.lend()


@cache
def _watch_process() -> None:
    """Let go of decoders where this process is forked, and end them where it ends; once is enough."""
    os.register_at_fork(after_in_child=_after_fork)
    atexit.register(_close_all)


def _after_fork() -> None:
    _Own.inherited.append(_Own.decoders)
    _Own.decoders = Decoders()


def _close_all() -> None:
    _Own.decoders.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Tell of what the system refuses to this process; it is no failure of the storage."""
    try:
        yield
    except OSError as error:
        what = f"no process can be started to decode pictures: {os.strerror(error.errno or 0).lower()}"
        raise MedcutmixError(what, hint="fewer --workers, or higher limits (ulimit -n, -u, -v)") from error


def _refusal(status: int) -> ImageError:
    """Say what a picture does to its decoder."""
    if status == -signal.SIGXCPU:
        what = f"the picture keeps its decoder busy for more than {SECONDS} s"
        return ImageError(what, reason="image-too-slow")
    ended = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    hint = "is there enough memory? SIGKILL is what the system sends where there is not"
    what = f"the picture ends the process that decodes it ({ended})"
    return ImageError(what, hint=hint if ended == "SIGKILL" else "", reason="image-crashed-decoder")


def _told(answer: dict[str, Any]) -> MedcutmixError:
    if not answer["reason"]:
        return UsageError(answer["what"], hint=answer["hint"])
    return ImageError(answer["what"], hint=answer["hint"], reason=answer["reason"])


def _memory_file() -> int:
    """Return the handle of a file in memory, or of one without a name where the system has none such.

    It is none of the numbers of standard streams, even if those are closed: the child's own are put there.
    """
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryFile() as file:
            return fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    handle = os.memfd_create("medcutmix-decoder")
    try:
        return fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(handle)
