"""Records as rich renderings for 80 columns and more, with and without colour. Computes nothing, prints nothing.

Each rendering loads on first use: a table of columns must not wait for what draws maps.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medcutmix_cli.terminal.calibrations import calibration_view as calibration_view
    from medcutmix_cli.terminal.checks import check_view as check_view
    from medcutmix_cli.terminal.checks import problems_view as problems_view
    from medcutmix_cli.terminal.checkups import checkup_view as checkup_view
    from medcutmix_cli.terminal.configurations import config_view as config_view
    from medcutmix_cli.terminal.detections import detect_evaluation_view as detect_evaluation_view
    from medcutmix_cli.terminal.estimates import estimate_view as estimate_view
    from medcutmix_cli.terminal.evaluations import evaluation_view as evaluation_view
    from medcutmix_cli.terminal.explanations import explanation_view as explanation_view
    from medcutmix_cli.terminal.grounding import map_evaluation_view as map_evaluation_view
    from medcutmix_cli.terminal.inspections import inspection_view as inspection_view
    from medcutmix_cli.terminal.inspections import settings_view as settings_view
    from medcutmix_cli.terminal.lexicons import lexicon_view as lexicon_view
    from medcutmix_cli.terminal.maps import map_view as map_view
    from medcutmix_cli.terminal.mixes import mix_evaluation_view as mix_evaluation_view
    from medcutmix_cli.terminal.pairs import pair_panel as pair_panel
    from medcutmix_cli.terminal.readings import reading_view as reading_view
    from medcutmix_cli.terminal.reasons import reason_view as reason_view
    from medcutmix_cli.terminal.reasons import reasons_view as reasons_view
    from medcutmix_cli.terminal.refills import refill_view as refill_view
    from medcutmix_cli.terminal.refused_pairs import refused_panel as refused_panel
    from medcutmix_cli.terminal.runs import next_commands as next_commands
    from medcutmix_cli.terminal.runs import next_steps as next_steps
    from medcutmix_cli.terminal.runs import status_view as status_view
    from medcutmix_cli.terminal.runs import verification_view as verification_view
    from medcutmix_cli.terminal.samples import sample_view as sample_view
    from medcutmix_cli.terminal.schemas import schema_table as schema_table
    from medcutmix_cli.terminal.shortcuts import shortcuts_view as shortcuts_view
    from medcutmix_cli.terminal.words import output as output

_HOME = {
    "map_view": "maps",
    "calibration_view": "calibrations",
    "check_view": "checks",
    "checkup_view": "checkups",
    "config_view": "configurations",
    "problems_view": "checks",
    "detect_evaluation_view": "detections",
    "estimate_view": "estimates",
    "evaluation_view": "evaluations",
    "explanation_view": "explanations",
    "inspection_view": "inspections",
    "lexicon_view": "lexicons",
    "map_evaluation_view": "grounding",
    "mix_evaluation_view": "mixes",
    "next_steps": "runs",
    "output": "words",
    "pair_panel": "pairs",
    "reading_view": "readings",
    "reason_view": "reasons",
    "reasons_view": "reasons",
    "refill_view": "refills",
    "refused_panel": "refused_pairs",
    "sample_view": "samples",
    "schema_table": "schemas",
    "shortcuts_view": "shortcuts",
    "settings_view": "inspections",
    "status_view": "runs",
    "next_commands": "runs",
    "verification_view": "runs",
}


def __getattr__(name: str) -> Any:
    """Load a rendering from the module it lives in (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
