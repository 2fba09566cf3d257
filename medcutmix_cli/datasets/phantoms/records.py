"""The nouns of a procedural phantom: all that is random about it, and what painting and reporting return.

Body frame, used by every length here: the unit is half the inner width of the thorax, the origin lies on the
midline at the lung apices, x points to image right (the patient's left), y points down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SideName = Literal["left", "right", "bilateral", "none"]
Severity = Literal["mild", "moderate", "severe"]

FINDINGS: tuple[str, ...] = (
    "pleural_effusion",
    "consolidation",
    "pneumothorax",
    "nodule",
    "mass",
    "atelectasis",
    "edema",
    "cardiomegaly",
    "support_devices",
)
LOCAL_FINDINGS: tuple[str, ...] = FINDINGS[:6]
DEVICE_KINDS: tuple[str, ...] = (
    "endotracheal_tube",
    "central_line",
    "pacemaker",
    "nasogastric_tube",
    "sternal_wires",
)


@dataclass(frozen=True, slots=True)
class Patient:
    """A body, without disease.

    Lengths are in body units. `heart_ratio` is the painted cardiothoracic ratio, disease included.
    """

    sex: Literal["F", "M"]
    age: int
    girth: float  # soft tissue outside the ribs
    breast: float  # 0 none .. 1 large
    lung_height: float  # apex to the right dome
    apex_width: float
    heart_ratio: float
    heart_tilt: float  # -1 vertical .. 1 horizontal
    knob: float  # size of the aortic knob
    mediastinum: float  # width factor
    left_dome: float  # how far the left dome lies below the right one
    dome_height: float  # dome above its costophrenic angle
    gastric_bubble: float  # 0 none .. 1 large
    rib_slope: float
    rib_contrast: float
    bone_width: float
    vessel_density: float
    scoliosis: float
    shoulder_drop: float
    turn: float  # turned about the long axis: moves the midline organs sideways
    anatomy_seed: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the picture was taken and displayed; shifts in body units, angles in degrees."""

    zoom: float  # body units across the shorter picture side
    shift_x: float
    shift_y: float
    rotation: float
    scatter: float
    noise: float
    gamma: float
    low: float  # attenuation shown black
    high: float  # attenuation shown white
    tilt_x: float  # grid cut-off, attenuation per body unit
    collimation: tuple[float, float, float, float]  # left, top, right, bottom as fractions of the picture
    marker: Literal["", "L", "R"]
    marker_x: float
    marker_y: float
    portable: bool
    noise_seed: int


@dataclass(frozen=True, slots=True)
class Place:
    """One spot of a lesion in the body frame; what its numbers mean depends on the finding's painter."""

    side: Literal["left", "right", "none"]
    x: float
    y: float
    radius_x: float
    radius_y: float
    angle: float
    contrast: float
    seed: int


@dataclass(frozen=True, slots=True)
class Lesion:
    """One finding of a phantom. `side` is the patient's side: the patient's left is image right."""

    finding: str
    side: SideName
    zone: str  # apical | upper | mid | lower | basal | perihilar | retrocardiac | none
    severity: Severity
    kind: str  # plate | lobar | a device kind | ""
    size_mm: int  # reported diameter of nodules and masses, else 0
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Mimic:
    """What looks like a finding and is none; `place` and `strength` are shares of what its kind allows, in [0, 1]."""

    kind: str
    side: Literal["left", "right"]
    place: float
    strength: float
    seed: int


@dataclass(frozen=True, slots=True)
class Phantom:
    """Everything random about one frontal chest radiograph; painting and reporting are pure."""

    seed: int
    view: Literal["PA", "AP"]
    aspect: float  # width / height of the picture
    patient: Patient
    exposure: Exposure
    lesions: tuple[Lesion, ...]
    mimics: tuple[Mimic, ...] = ()


@dataclass(frozen=True, slots=True)
class PaintedPhantom:
    """A painted phantom.

    Attributes:
        image: (H, W) float32 in [0, 1]; bright is radio-opaque, as MONOCHROME2 shows it.
        masks: lesion index -> (H, W) bool in the image's frame; only lesions that are in the picture.
    """

    image: NDArray[np.float32]
    masks: dict[int, NDArray[np.bool_]]
