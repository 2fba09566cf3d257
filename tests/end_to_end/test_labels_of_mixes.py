"""The labels of mixes against the mixed text, read afresh: a family of reports x findings x strategies.

Every disagreement has one of two names: a label table has it so (`label_mixed` of what was not exchanged), or what came
may be it by the doubts of its own report (`label_state`).
"""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.mixing.label_states import (
    doubted_observations,
    doubted_targets,
    label_states,
    removed_observations,
)
from medcutmix_cli.mixing.weights import label_targets
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

READER = ReportReader()
SHOWN = {
    "pleural_effusion": "Small {} pleural effusion.",
    "pneumothorax": "Moderate {} pneumothorax with collapse of the {} lower lobe.",
    "consolidation": "{} lower lobe consolidation.",
    "atelectasis": "Mild {} basilar atelectasis.",
    "opacity": "{} basilar opacity, which may represent pneumonia.",
    "infiltrate": "{} lower lobe infiltrate.",
    "mass": "{} upper lobe mass.",
    "nodule": "{} upper lobe nodule.",
}
BESIDE = (
    "Normal heart. No pneumonia or other acute abnormality.",
    "No pneumothorax. The {other} lung is clear.",
    "No effusion. Possible {other} lower lobe pneumonia.",
    "Normal heart. Questionable {other} apical nodule.",
    "No edema. No {other} lower lobe consolidation.",
)
NORMAL = (
    "The lungs are clear. No effusion or pneumothorax. Normal heart.",
    "No pneumonia or other acute process. Normal heart.",
    "Lungs are normally inflated. No focal consolidation, pneumonia or edema.",
    "The left lung is clear. The right lung is clear. Normal heart size.",
)
STRATEGIES = ("same-finding", "cross-finding", "normal-host", "random")
OTHER = {"left": "right", "right": "left"}


def texts():
    """Return the findings sections of the family."""
    shown = product(SHOWN.values(), OTHER, BESIDE)
    return [
        f"{about.format(side, side).capitalize()} {beside.format(other=OTHER[side])}"
        for about, side, beside in shown
    ] + list(NORMAL * 4)


def studies(table):
    """Return a study for each text; with `table`, labels that its reports do not all bear out."""
    return [
        make_study(number, make_report(text, impression=("See above.",) if number % 3 else ()), labels=table)
        for number, text in enumerate(texts())
    ]


def plan(strategy, labels="rules", table=None):
    made = make_plan(
        studies(table or {}), PlanSettings(pairing=strategy, labels=labels), load("pairing", strategy)()
    )
    return [pair for pair in made.pairs if pair.edits]


def values(labels):
    return [None if np.isnan(value) else value for value in labels]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_labels_and_targets_are_what_the_mixed_text_says_or_what_came_may_be(strategy):
    pairs = plan(strategy)
    assert len(pairs) > 10
    for pair, lam in product(pairs, (0.0, 0.5, 1.0)):
        fresh = chexpert_labels(READER.read(pair.report))
        assert values(pair.labels) == values(fresh), pair.report
        doubted = doubted_observations(pair)
        targets = doubted_targets(label_targets(pair.recipient.labels, pair.given, pair.labels, lam), doubted)
        states = label_states(pair.labels, doubted, frozenset(), removed_observations(pair))
        for name, target, state, said in zip(CHEXPERT, values(targets), states, values(fresh), strict=True):
            told = (name, target, said, pair.report)
            own = pair.recipient.labels[CHEXPERT.index(name)]
            gone = said is None and own in (1, -1) and name != "No Finding" and name not in doubted
            assert (state == "removed") == gone, told
            if name in doubted:
                assert (target, state) == (0.5, "uncertain"), told
                assert said != 1.0, told
            elif said in (0.0, 1.0, None):
                assert target == said, told
            elif strategy == "random":
                assert 0 <= target <= 0.5, told  # two reports are put together: one doubts, and one may deny
            else:
                assert target == 0.5, told


@pytest.mark.parametrize("strategy", STRATEGIES[:2])
@pytest.mark.parametrize("name", ["Edema", "Lung Opacity", "Pneumonia"])
def test_a_label_table_alone_is_another_reason_and_not_for_what_is_exchanged(strategy, name):
    table = dict.fromkeys(CHEXPERT[1:], 1.0) | {name: 0.0}
    counted = Counter[str]()
    for pair in plan(strategy, "csv", table):
        fresh, before = (chexpert_labels(READER.read(text)) for text in (pair.report, pair.recipient.report))
        rows = zip(
            values(pair.labels), values(fresh), values(before), values(pair.recipient.labels), strict=True
        )
        for label, said, had, own in rows:
            counted["as-the-text" if label == said else "as-the-table"] += 1
            assert label == said or (label == own and said == had), pair.report
    assert counted["as-the-text"]


@pytest.mark.parametrize("finding", ["opacity", "infiltrate"])
def test_no_mix_denies_by_name_what_came_may_be(finding):
    for pair in plan("cross-finding") + plan("normal-host"):
        if pair.finding == finding and "Pneumonia" in pair.doubted:
            fresh = dict(zip(CHEXPERT, values(chexpert_labels(READER.read(pair.report))), strict=True))
            assert fresh["Pneumonia"] != 0.0, pair.report
