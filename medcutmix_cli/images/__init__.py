"""Picture files to one grey square canvas, and geometry both ways. Knows no report and no model."""

from __future__ import annotations

from medcutmix_cli.configuration.settings import DICOM_MODES
from medcutmix_cli.system.socketless_imports import load_urllib3

load_urllib3()  # before pydicom does

from medcutmix_cli.images.canvas import Canvas, read_canvas  # noqa: E402
from medcutmix_cli.images.opencv import single_threaded_opencv  # noqa: E402
from medcutmix_cli.images.picture_bytes import (  # noqa: E402
    LOSSLESS,
    decode_picture,
    encode_picture,
    encode_png,
)
from medcutmix_cli.images.placement import letterbox, to_canvas, to_original  # noqa: E402

__all__ = [
    "DICOM_MODES",
    "LOSSLESS",
    "Canvas",
    "decode_picture",
    "encode_picture",
    "encode_png",
    "letterbox",
    "read_canvas",
    "single_threaded_opencv",
    "to_canvas",
    "to_original",
]
