"""How well the program does its parts, measured against what people said or drew. Changes no table and no run.

The parts load on first use: a reader of reports needs no picture library, and maps need no reader.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medcutmix_cli.evaluation.detect import evaluate_detect as evaluate_detect
    from medcutmix_cli.evaluation.detect_scores import DetectEvaluation as DetectEvaluation
    from medcutmix_cli.evaluation.detect_scores import DetectScore as DetectScore
    from medcutmix_cli.evaluation.detect_scores import PairScore as PairScore
    from medcutmix_cli.evaluation.detect_settings import DetectSettings as DetectSettings
    from medcutmix_cli.evaluation.interval_settings import IntervalSettings as IntervalSettings
    from medcutmix_cli.evaluation.intervals import IntervalEstimate as IntervalEstimate
    from medcutmix_cli.evaluation.lexicon import Flaw as Flaw
    from medcutmix_cli.evaluation.lexicon import LexiconEvaluation as LexiconEvaluation
    from medcutmix_cli.evaluation.lexicon import LexiconProblem as LexiconProblem
    from medcutmix_cli.evaluation.lexicon import evaluate_lexicon as evaluate_lexicon
    from medcutmix_cli.evaluation.map_scores import BootstrapMean as BootstrapMean
    from medcutmix_cli.evaluation.map_scores import MapEvaluation as MapEvaluation
    from medcutmix_cli.evaluation.map_scores import MapScore as MapScore
    from medcutmix_cli.evaluation.map_scores import TargetScore as TargetScore
    from medcutmix_cli.evaluation.map_settings import MapSettings as MapSettings
    from medcutmix_cli.evaluation.maps import evaluate_maps as evaluate_maps
    from medcutmix_cli.evaluation.mix_scores import MixEvaluation as MixEvaluation
    from medcutmix_cli.evaluation.mix_scores import MixFigure as MixFigure
    from medcutmix_cli.evaluation.mix_scores import MixMeasures as MixMeasures
    from medcutmix_cli.evaluation.mixes import evaluate_mixes as evaluate_mixes
    from medcutmix_cli.evaluation.reports import TASKS as TASKS
    from medcutmix_cli.evaluation.reports import evaluate_reports as evaluate_reports
    from medcutmix_cli.evaluation.scores import Disagreement as Disagreement
    from medcutmix_cli.evaluation.scores import Evaluation as Evaluation
    from medcutmix_cli.evaluation.scores import Score as Score

_HOME = {
    "DetectEvaluation": "detect_scores",
    "DetectScore": "detect_scores",
    "DetectSettings": "detect_settings",
    "Disagreement": "scores",
    "BootstrapMean": "map_scores",
    "Evaluation": "scores",
    "Flaw": "lexicon",
    "IntervalEstimate": "intervals",
    "IntervalSettings": "interval_settings",
    "LexiconEvaluation": "lexicon",
    "LexiconProblem": "lexicon",
    "MapEvaluation": "map_scores",
    "MapScore": "map_scores",
    "MapSettings": "map_settings",
    "MixEvaluation": "mix_scores",
    "MixFigure": "mix_scores",
    "MixMeasures": "mix_scores",
    "PairScore": "detect_scores",
    "Score": "scores",
    "TASKS": "reports",
    "TargetScore": "map_scores",
    "evaluate_detect": "detect",
    "evaluate_lexicon": "lexicon",
    "evaluate_maps": "maps",
    "evaluate_mixes": "mixes",
    "evaluate_reports": "reports",
}

__all__ = [
    "TASKS",
    "BootstrapMean",
    "DetectEvaluation",
    "DetectScore",
    "DetectSettings",
    "Disagreement",
    "Evaluation",
    "Flaw",
    "IntervalEstimate",
    "IntervalSettings",
    "LexiconEvaluation",
    "LexiconProblem",
    "MapEvaluation",
    "MapScore",
    "MapSettings",
    "MixEvaluation",
    "MixFigure",
    "MixMeasures",
    "PairScore",
    "Score",
    "TargetScore",
    "evaluate_detect",
    "evaluate_lexicon",
    "evaluate_maps",
    "evaluate_mixes",
    "evaluate_reports",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'medcutmix_cli.evaluation' has no attribute {name!r}")
    return getattr(import_module(f"medcutmix_cli.evaluation.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
