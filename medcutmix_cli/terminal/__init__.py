"""Records as rich renderings for 80 columns and more, with and without colour. Computes nothing, prints nothing."""

from __future__ import annotations

from medcutmix_cli.terminal.attending import attended_view
from medcutmix_cli.terminal.evaluations import evaluation_view
from medcutmix_cli.terminal.grounding import map_evaluation_view
from medcutmix_cli.terminal.inspections import inspection_view, schema_view, settings_view
from medcutmix_cli.terminal.pairs import pair_panel
from medcutmix_cli.terminal.readings import reading_view
from medcutmix_cli.terminal.runs import next_steps, status_view, typed, verification_view
from medcutmix_cli.terminal.samples import sample_view
from medcutmix_cli.terminal.words import output

__all__ = [
    "attended_view",
    "evaluation_view",
    "inspection_view",
    "map_evaluation_view",
    "next_steps",
    "output",
    "pair_panel",
    "reading_view",
    "sample_view",
    "schema_view",
    "settings_view",
    "status_view",
    "typed",
    "verification_view",
]
