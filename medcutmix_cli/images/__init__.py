"""Picture files to one grey square canvas, and geometry both ways. Knows no report and no model."""

from __future__ import annotations

from medcutmix_cli.configuration.settings import DICOM_MODES
from medcutmix_cli.images.canvas import Canvas, read_canvas
from medcutmix_cli.images.opencv import single_threaded_opencv
from medcutmix_cli.images.picture_bytes import LOSSLESS, decode_picture, encode_picture, encode_png
from medcutmix_cli.images.placement import letterbox, to_canvas, to_original

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
