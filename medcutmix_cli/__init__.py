"""Offline, disease-aware augmentation of radiology image-report pairs.

A documented offline formulation of MedCutMix (arXiv 2509.16673). The public functions load on first use,
so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medcutmix_cli.attending import attend as attend
    from medcutmix_cli.calibrating import calibrate as calibrate
    from medcutmix_cli.datasets.sample import write_sample as write_sample
    from medcutmix_cli.embedding import embed as embed
    from medcutmix_cli.estimating import estimate_augment as estimate_augment
    from medcutmix_cli.estimating import estimate_render as estimate_render
    from medcutmix_cli.evaluation import evaluate_maps as evaluate_maps
    from medcutmix_cli.evaluation import evaluate_reports as evaluate_reports
    from medcutmix_cli.gallery import write_gallery as write_gallery
    from medcutmix_cli.gallery.overlay import overlay as overlay
    from medcutmix_cli.inspection import inspect as inspect
    from medcutmix_cli.inspection import status as status
    from medcutmix_cli.pipeline import augment as augment
    from medcutmix_cli.pipeline import plan as plan
    from medcutmix_cli.pipeline import render as render
    from medcutmix_cli.verification import verify as verify

__version__ = "0.1.0"

_HOME = {
    "attend": "medcutmix_cli.attending",
    "augment": "medcutmix_cli.pipeline",
    "calibrate": "medcutmix_cli.calibrating",
    "plan": "medcutmix_cli.pipeline",
    "render": "medcutmix_cli.pipeline",
    "inspect": "medcutmix_cli.inspection",
    "status": "medcutmix_cli.inspection",
    "verify": "medcutmix_cli.verification",
    "embed": "medcutmix_cli.embedding",
    "estimate_augment": "medcutmix_cli.estimating",
    "estimate_render": "medcutmix_cli.estimating",
    "evaluate_maps": "medcutmix_cli.evaluation",
    "evaluate_reports": "medcutmix_cli.evaluation",
    "needed_maps": "medcutmix_cli.encoders.precomputed",
    "overlay": "medcutmix_cli.gallery.overlay",
    "write_gallery": "medcutmix_cli.gallery",
    "write_sample": "medcutmix_cli.datasets.sample",
}

__all__ = [
    "__version__",
    "attend",
    "augment",
    "calibrate",
    "embed",
    "estimate_augment",
    "estimate_render",
    "evaluate_maps",
    "evaluate_reports",
    "inspect",
    "needed_maps",
    "overlay",
    "plan",
    "render",
    "status",
    "verify",
    "write_gallery",
    "write_sample",
]


def __getattr__(name: str) -> Any:
    """Load a public function from the module it lives in (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'medcutmix_cli' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
