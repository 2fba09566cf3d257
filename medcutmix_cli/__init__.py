"""Offline, disease-aware augmentation of radiology image-report pairs.

A documented offline formulation of MedCutMix (arXiv 2509.16673). The public functions load on first use,
so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from medcutmix_cli.system.python_version import refuse_other_pythons

refuse_other_pythons()

if TYPE_CHECKING:
    from medcutmix_cli.assembly.calibrate import calibrate as calibrate
    from medcutmix_cli.assembly.shortcuts import find_shortcuts as find_shortcuts
    from medcutmix_cli.datasets.sample import write_sample as write_sample
    from medcutmix_cli.doctor.examination import examine as examine
    from medcutmix_cli.dry_run.dataset_check import check_dataset as check_dataset
    from medcutmix_cli.dry_run.estimator import estimate_augment as estimate_augment
    from medcutmix_cli.dry_run.estimator import estimate_render as estimate_render
    from medcutmix_cli.embeddings.embed import embed as embed
    from medcutmix_cli.encoders.precomputed import needed_maps as needed_maps
    from medcutmix_cli.errors import MedcutmixError as MedcutmixError
    from medcutmix_cli.evaluation import evaluate_detect as evaluate_detect
    from medcutmix_cli.evaluation import evaluate_maps as evaluate_maps
    from medcutmix_cli.evaluation import evaluate_mixes as evaluate_mixes
    from medcutmix_cli.evaluation import evaluate_reports as evaluate_reports
    from medcutmix_cli.exports.export import export as export
    from medcutmix_cli.exports.sections import export_sections as export_sections
    from medcutmix_cli.gallery import write_gallery as write_gallery
    from medcutmix_cli.gallery.overlay import overlay as overlay
    from medcutmix_cli.gallery.sheet import write_sheet as write_sheet
    from medcutmix_cli.inspection.attend import attend as attend
    from medcutmix_cli.inspection.refused_view import refused_view as refused_view
    from medcutmix_cli.inspection.summary import inspect as inspect
    from medcutmix_cli.inspection.summary import status as status
    from medcutmix_cli.inspection.verification import verify as verify
    from medcutmix_cli.notebook.run import Run as Run
    from medcutmix_cli.pipeline import augment as augment
    from medcutmix_cli.pipeline import plan as plan
    from medcutmix_cli.pipeline import refill as refill
    from medcutmix_cli.pipeline import render as render
    from medcutmix_cli.preparation.prepare import prepare as prepare
    from medcutmix_cli.system.progress import silent as silent

__version__ = "0.1.0"

_HOME = {
    "MedcutmixError": "medcutmix_cli.errors",
    "Run": "medcutmix_cli.notebook.run",
    "attend": "medcutmix_cli.inspection.attend",
    "augment": "medcutmix_cli.pipeline",
    "calibrate": "medcutmix_cli.assembly.calibrate",
    "check_dataset": "medcutmix_cli.dry_run.dataset_check",
    "plan": "medcutmix_cli.pipeline",
    "prepare": "medcutmix_cli.preparation.prepare",
    "refill": "medcutmix_cli.pipeline",
    "render": "medcutmix_cli.pipeline",
    "inspect": "medcutmix_cli.inspection.summary",
    "status": "medcutmix_cli.inspection.summary",
    "verify": "medcutmix_cli.inspection.verification",
    "embed": "medcutmix_cli.embeddings.embed",
    "estimate_augment": "medcutmix_cli.dry_run.estimator",
    "estimate_render": "medcutmix_cli.dry_run.estimator",
    "evaluate_detect": "medcutmix_cli.evaluation",
    "evaluate_maps": "medcutmix_cli.evaluation",
    "evaluate_mixes": "medcutmix_cli.evaluation",
    "evaluate_reports": "medcutmix_cli.evaluation",
    "examine": "medcutmix_cli.doctor.examination",
    "export": "medcutmix_cli.exports.export",
    "export_sections": "medcutmix_cli.exports.sections",
    "find_shortcuts": "medcutmix_cli.assembly.shortcuts",
    "needed_maps": "medcutmix_cli.encoders.precomputed",
    "silent": "medcutmix_cli.system.progress",
    "overlay": "medcutmix_cli.gallery.overlay",
    "refused_view": "medcutmix_cli.inspection.refused_view",
    "write_gallery": "medcutmix_cli.gallery",
    "write_sample": "medcutmix_cli.datasets.sample",
    "write_sheet": "medcutmix_cli.gallery.sheet",
}

__all__ = [
    "MedcutmixError",
    "Run",
    "__version__",
    "attend",
    "augment",
    "calibrate",
    "check_dataset",
    "embed",
    "estimate_augment",
    "estimate_render",
    "evaluate_detect",
    "evaluate_maps",
    "evaluate_mixes",
    "evaluate_reports",
    "examine",
    "export",
    "export_sections",
    "find_shortcuts",
    "inspect",
    "needed_maps",
    "overlay",
    "plan",
    "prepare",
    "refill",
    "refused_view",
    "render",
    "silent",
    "status",
    "verify",
    "write_gallery",
    "write_sample",
    "write_sheet",
]


def __getattr__(name: str) -> Any:
    """Load a public function from the module it lives in (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'medcutmix_cli' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
