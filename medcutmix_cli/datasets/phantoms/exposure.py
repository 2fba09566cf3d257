"""Turns attenuation into a displayed picture: scatter, noise, display curve, collimator, side marker."""

from __future__ import annotations

import cv2
import numpy as np

from medcutmix_cli.datasets.phantoms.canvas import ExposureFrame, Layer
from medcutmix_cli.datasets.phantoms.records import Exposure

_FONT = cv2.FONT_HERSHEY_DUPLEX


def expose(frame: ExposureFrame, attenuation: Layer, exposure: Exposure) -> Layer:
    """Expose and display an attenuation layer; returns (H, W) float32 in [0, 1], bright = radio-opaque."""
    beam = attenuation + np.float32(exposure.tilt_x) * frame.x
    beam += np.float32(exposure.scatter) * (frame.soften(beam, 0.30) - beam)
    beam += _quantum_noise(frame, beam, exposure)
    shown = np.clip((beam - exposure.low) * np.float32(1 / (exposure.high - exposure.low)), -0.2, 1.3)
    curve = _film_curve(shown, exposure.gamma)
    _add_marker(curve, exposure)
    _collimate(curve, exposure)
    return np.clip(curve, 0, 1)


def _quantum_noise(frame: ExposureFrame, beam: Layer, exposure: Exposure) -> Layer:
    """Add noise that grows where fewer photons arrive; its strength per unit area is the same at any size."""
    rng = np.random.default_rng([exposure.noise_seed, frame.height])
    grain = rng.standard_normal(beam.shape, dtype=np.float32)
    if frame.scale > 150:  # detector blur is finer than a pixel below
        grain = cv2.GaussianBlur(grain, (3, 3), 0.6) * np.float32(1.6)
    sigma = 0.010 * exposure.noise * min(1.6, (frame.scale / 100) ** 0.5)
    grain *= np.float32(0.6 * sigma) + np.float32(0.42 * sigma) * beam
    return grain


def _film_curve(shown: Layer, gamma: float) -> Layer:
    base = cv2.pow(np.clip(shown, 0, 1), gamma)
    toe = 1 - cv2.exp(-2.4 * base)
    return (0.35 * base + np.float32(0.65 / (1 - np.exp(-2.4))) * toe).astype(np.float32, copy=False)


def _add_marker(picture: Layer, exposure: Exposure) -> None:
    if not exposure.marker:
        return
    height, width = picture.shape
    size = 0.045 * min(height, width)
    from_left = exposure.marker == "R"  # the patient's right is image left
    x = exposure.marker_x * width if from_left else (1 - exposure.marker_x) * width - size
    corner = (round(x), round(exposure.marker_y * height + size))
    stamp = np.zeros(picture.shape, np.uint8)
    thickness = max(1, round(size / 12))
    cv2.putText(stamp, exposure.marker, corner, _FONT, size / 22, (255,), thickness, cv2.LINE_AA)
    np.maximum(picture, stamp.astype(np.float32) * np.float32(0.97 / 255), out=picture)


def _collimate(picture: Layer, exposure: Exposure) -> None:
    height, width = picture.shape
    left, top, right, bottom = exposure.collimation
    picture[:, : round(left * width)] = 0.01
    picture[: round(top * height)] = 0.01
    picture[:, width - round(right * width) :] = 0.01
    picture[height - round(bottom * height) :] = 0.01
