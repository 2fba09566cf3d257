"""Decoding in the process that asks, with nothing between: what a program without limits on its decoders does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from medcutmix_cli.images import canvas
from medcutmix_cli.images.decoding import DecodedPicture, DecodingRequest, decode


class DecoderHere:
    """What a decoder's process is asked, answered by this one."""

    def __init__(self) -> None:
        self._content = bytearray()

    def room(self, size: int) -> memoryview:
        """Return memory for the bytes of a file."""
        self._content = bytearray(size)
        return memoryview(self._content)

    def decode(self, request: DecodingRequest) -> DecodedPicture:
        """Return the picture whose bytes were put into `room`."""
        plane, at = decode(memoryview(self._content)[: request.size], request)
        return DecodedPicture(plane, at)


@contextmanager
def lend_decoder_here() -> Iterator[DecoderHere]:
    """Hand out one for each picture: it starts nothing."""
    yield DecoderHere()


def decode_here() -> None:
    """Decode pictures in this process from now on."""
    canvas.lend_decoder = lend_decoder_here
