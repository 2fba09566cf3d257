"""How well the program does its parts, measured against what people said. Reads gold tables, changes nothing."""

from __future__ import annotations

from medcutmix_cli.evaluation.reports import TASKS, evaluate_reports
from medcutmix_cli.evaluation.scores import Disagreement, Evaluation, Score

__all__ = ["TASKS", "Disagreement", "Evaluation", "Score", "evaluate_reports"]
