"""Paints each finding into the layers of a thorax, in place, and returns its true mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms import anatomy
from medcutmix_cli.datasets.phantoms.canvas import ExposureFrame, Layer, Points, ribbon, smooth_curve, step
from medcutmix_cli.datasets.phantoms.devices import paint_device
from medcutmix_cli.datasets.phantoms.records import Lesion, Patient, Place
from medcutmix_cli.datasets.phantoms.thorax import Thorax
from medcutmix_cli.datasets.phantoms.vessels import hilum

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scene:
    """One thorax in one frame. Painters change the arrays of `thorax` in place."""

    frame: ExposureFrame
    patient: Patient
    thorax: Thorax


def paint_lesion(scene: Scene, lesion: Lesion) -> Mask:
    """Paint one lesion; returns its (H, W) bool mask."""
    if lesion.finding == "support_devices":
        return paint_device(scene.frame, scene.patient, scene.thorax.soft, lesion)
    mask = np.zeros(scene.frame.x.shape, np.bool_)
    for place in lesion.places:
        mask |= _PAINTERS[lesion.finding](scene, lesion, place)
    return mask


def _opacify(scene: Scene, cover: Layer, strength: float, extra: float = 0.0) -> None:
    """Replace lung air by water in proportion to cover x strength; hides the vessels there."""
    thorax = scene.thorax
    thorax.soft[...] += cover * (strength * thorax.air + np.float32(extra))
    thorax.vessels[...] *= 1 - np.clip(cover * strength, 0, 1)


def _paint_effusion(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    from_wall = 1.0 - frame.x * np.float32(anatomy.SIGN[place.side])
    rise = place.radius_y * np.exp(-np.clip(from_wall, 0, 2) / place.radius_x)
    below = frame.y - (place.y - rise + 0.02 * frame.texture(place.seed, 0.3))
    cover = lung * step(below, 0.0, 0.09)
    _opacify(scene, cover, 0.92 * place.contrast)
    scene.thorax.soft[...] += (
        0.38 * min(1.0, place.contrast / 0.85) * cover * (1 - scene.thorax.heart)
    )  # dense as liver: the dome vanishes in it; less so where it is faint
    scene.thorax.soft[...] += 0.16 * lung * step(below, -0.12, 0.25) * (1 - cover)  # thin upper edge
    mask: Mask = (lung > 0.5) & (below > 0)
    return mask


def _paint_pneumothorax(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    outline = anatomy.lung(scene.patient, place.side)
    edge, free = _collapsed(scene.patient, outline, place)
    inside = frame.fill([edge])
    rim = np.clip(lung - inside, 0, 1)
    collapsed = np.minimum(lung, inside)
    scene.thorax.soft[...] -= 0.24 * place.contrast * rim
    scene.thorax.soft[...] += 0.20 * place.radius_x * collapsed
    scene.thorax.vessels[...] *= 1 - rim
    line = frame.stroke([edge[free]], [0.016]) if int(free.sum()) > 2 else np.zeros_like(rim)
    scene.thorax.soft[...] += 0.17 * line * lung
    return rim > 0.5


def _collapsed(patient: Patient, outline: Points, place: Place) -> tuple[Points, NDArray[np.bool_]]:
    """Shrink a lung outline towards its hilum, most at the apex; also say which points left the wall."""
    hilum_x, hilum_y = hilum(patient, place.side)
    weight = np.clip((place.y - outline[:, 1]) / (0.55 * patient.lung_height), 0, 1)
    lateral = np.abs(outline[:, 0]) > abs(hilum_x)
    scale_x = 1 - place.radius_x * weight * lateral * 0.85
    scale_y = 1 - place.radius_y * weight * (outline[:, 1] < hilum_y)
    edge = np.column_stack(
        [hilum_x + (outline[:, 0] - hilum_x) * scale_x, hilum_y + (outline[:, 1] - hilum_y) * scale_y]
    )
    return edge, (weight > 0.06) & (outline[:, 1] < 0.97 * patient.lung_height) & (
        np.abs(outline[:, 0]) > 0.2
    )


def _paint_consolidation(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    fluff = 0.15 * frame.texture(place.seed, 0.15) + 0.07 * frame.texture(place.seed + 1, 0.06)
    field = 1 - _ellipse_radius(frame, place) + fluff
    cover = lung * step(field, 0.24, 0.95)
    bronchi = frame.blur(
        frame.stroke(_bronchogram(scene.patient, place), [0.020, 0.013, 0.015, 0.015, 0.013]), 0.004
    )
    _opacify(scene, cover * (1 - 0.34 * bronchi), place.contrast)
    mask: Mask = cover > 0.40
    return mask


def _ellipse_radius(frame: ExposureFrame, place: Place) -> Layer:
    """Distance from a place in units of its radii: 1 on the ellipse."""
    cos, sin = np.float32(np.cos(place.angle)), np.float32(np.sin(place.angle))
    dx, dy = frame.x - np.float32(place.x), frame.y - np.float32(place.y)
    along, across = (cos * dx + sin * dy) / place.radius_x, (cos * dy - sin * dx) / place.radius_y
    return np.sqrt(along * along + across * across).astype(np.float32, copy=False)


def _bronchogram(patient: Patient, place: Place) -> list[Points]:
    """Bend five air-filled bronchi from the hilum's side through the place."""
    rng = np.random.default_rng(place.seed + 2)
    start = np.array(hilum(patient, place.side))
    centre = np.array([place.x, place.y])
    reach = centre - start
    ahead = reach / max(0.2, float(np.linalg.norm(reach)))
    aside = np.array([-ahead[1], ahead[0]])
    fork = centre - 0.55 * place.radius_x * ahead
    curves = [np.vstack([fork - 0.4 * place.radius_x * ahead, fork + 0.02 * aside, centre])]
    for turn in (-0.75, -0.25, 0.3, 0.8):
        bend = centre + place.radius_x * (-0.1 * ahead + (0.45 * turn + rng.normal(0, 0.06)) * aside)
        end = centre + place.radius_x * (rng.uniform(0.45, 0.75) * ahead + turn * aside)
        curves.append(np.vstack([fork, bend, end]))
    return [smooth_curve(curve) for curve in curves]


def _paint_round(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    outline, spicules = _lump(place, lesion.finding == "mass")
    centre = np.array([place.x, place.y])
    small = min(place.radius_x, place.radius_y)
    disc = frame.fill([outline])
    core = frame.fill([centre + 0.6 * (outline - centre)])
    cover = 0.66 * frame.blur(disc, 0.07 * small) + 0.34 * frame.blur(core, 0.30 * small)
    scene.thorax.soft[...] += place.contrast * cover
    scene.thorax.vessels[...] *= 1 - disc
    if spicules:
        scene.thorax.soft[...] += 0.10 * frame.stroke(spicules, [0.012] * len(spicules)) * (1 - disc) * lung
    return disc > 0.5


def _lump(place: Place, lobulated: bool) -> tuple[Points, list[Points]]:
    """Outline of a round lesion, with spicules for about half of the masses."""
    rng = np.random.default_rng(place.seed)
    t = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    waves = (0.11 if lobulated else 0.05) * rng.normal(size=3)
    radius = 1 + sum(wave * np.cos((k + 2) * t + rng.uniform(0, 6)) for k, wave in enumerate(waves))
    along, across = place.radius_x * radius * np.cos(t), place.radius_y * radius * np.sin(t)
    cos, sin = np.cos(place.angle), np.sin(place.angle)
    outline = np.column_stack([place.x + cos * along - sin * across, place.y + sin * along + cos * across])
    if not lobulated or rng.random() < 0.5:
        return outline, []
    centre = np.array([place.x, place.y])
    picks = rng.choice(64, 14, replace=False)
    return outline, [
        np.vstack([outline[i], centre + rng.uniform(1.15, 1.4) * (outline[i] - centre)]) for i in picks
    ]


def _paint_atelectasis(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    return (
        _paint_lobe(scene, lesion, place) if lesion.kind == "lobar" else _paint_plates(scene, lesion, place)
    )


def _paint_plates(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    rng = np.random.default_rng(place.seed)
    count = {"mild": 2, "moderate": 3, "severe": 4}[lesion.severity]
    curves = [_plate_curve(rng, place, number) for number in range(count)]
    width = 2 * place.radius_y
    plates = frame.blur(
        frame.fill(
            [ribbon(c, width * (0.35 + 0.65 * np.sin(np.linspace(0, np.pi, len(c))))) for c in curves]
        ),
        0.006,
    )
    zone = lung * (frame.fill([ribbon(c, width + 0.07) for c in curves]) > 0.5)
    scene.thorax.soft[...] += place.contrast * plates * lung + 0.10 * frame.soften(zone, 0.10) * lung
    return zone > 0.5


def _plate_curve(rng: np.random.Generator, place: Place, number: int) -> Points:
    t = np.linspace(-1, 1, 9)
    half = place.radius_x * rng.uniform(0.6, 1.0)
    angle = place.angle * anatomy.SIGN[place.side] + rng.normal(0, 0.07)
    x = place.x + rng.normal(0, 0.12) * place.radius_x + half * t
    y = (
        place.y
        - 0.085 * number
        + rng.normal(0, 0.012)
        + half * np.sin(angle) * t
        + 0.03 * rng.normal() * (1 - t**2)
    )
    return smooth_curve(np.column_stack([x, y]), steps=3)


def _paint_lobe(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    """Paint a collapsed lobe: a wedge against the midline, or under the apex for the right upper lobe."""
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    cover = frame.blur(frame.fill([_wedge(scene.patient, lesion, place)]), 0.012) * lung
    _opacify(scene, cover, place.contrast, 0.15)
    return cover > 0.5


def _wedge(patient: Patient, lesion: Lesion, place: Place) -> Points:
    h = patient.lung_height
    if lesion.zone == "upper":
        reach = 0.34 * h * place.radius_y
        corner = np.array(
            [(0.1, -0.1), (1.0, -0.1), (0.95, 0.55 * reach), (0.6, 0.72 * reach), (0.25, reach), (0.1, reach)]
        )
        return anatomy.on_side(corner, place.side)
    bottom = place.y + 0.3
    top = place.y - 0.62 * place.radius_y
    edge = smooth_curve(
        np.array([(0.12, top), (0.20 + 0.2 * place.radius_x, top + 0.3), (0.12 + place.radius_x, bottom)])
    )
    return anatomy.on_side(np.vstack([edge, [(0.05, bottom), (0.05, top)]]), place.side)


def _paint_edema(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    frame, lung = scene.frame, scene.thorax.lungs[place.side]
    x, y = hilum(scene.patient, place.side)
    dx = (frame.x - np.float32(x * 1.25)) / place.radius_x
    dy = (frame.y - np.float32(y + 0.14)) / place.radius_y
    haze = np.exp(-0.5 * (dx * dx + dy * dy)) * (
        1 + 0.22 * frame.texture(place.seed, 0.16) + 0.12 * frame.texture(place.seed + 1, 0.06)
    )
    cover = lung * np.clip(haze, 0, 1)
    scene.thorax.soft[...] += place.contrast * scene.thorax.air * cover
    scene.thorax.vessels[...] *= 1 + 0.5 * lung * step(-frame.y, -0.45 * scene.patient.lung_height, 0.4)
    lines = _kerley_lines(scene.patient, place)
    scene.thorax.soft[...] += 0.22 * place.contrast * frame.stroke(lines, [0.011] * len(lines)) * lung
    mask: Mask = cover > 0.42
    return mask


def _kerley_lines(patient: Patient, place: Place) -> list[Points]:
    rng = np.random.default_rng(place.seed)
    lines = []
    for y in np.arange(0.66, 0.98, 0.035) * patient.lung_height:
        wall = anatomy.wall_x(patient, float(y)) - 0.01
        inner = wall - rng.uniform(0.06, 0.14)
        lines.append(
            np.array([(inner, y + rng.normal(0, 0.006)), (wall, y)])
            * np.array([anatomy.SIGN[place.side], 1.0])
        )
    return lines


def _paint_cardiomegaly(scene: Scene, lesion: Lesion, place: Place) -> Mask:
    return scene.thorax.heart > 0.5  # the thorax was painted with the large heart already


_PAINTERS: dict[str, Callable[[Scene, Lesion, Place], Mask]] = {
    "pleural_effusion": _paint_effusion,
    "consolidation": _paint_consolidation,
    "pneumothorax": _paint_pneumothorax,
    "nodule": _paint_round,
    "mass": _paint_round,
    "atelectasis": _paint_atelectasis,
    "edema": _paint_edema,
    "cardiomegaly": _paint_cardiomegaly,
}
