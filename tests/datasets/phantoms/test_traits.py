"""What a study has follows the table: prevalences, company and confounders hold, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import draw_phantom
from medcutmix_cli.datasets.phantoms.correlations import (
    DRAWN,
    Confounder,
    Correlations,
    Together,
    built_in,
)
from medcutmix_cli.datasets.phantoms.traits import Traits, draw_traits

COUNT = 1500
PEOPLE = [draw_phantom(seed, []).patient for seed in range(300)]


def drawn(table: Correlations) -> list[Traits]:
    return [
        draw_traits(np.random.default_rng(seed), PEOPLE[seed % len(PEOPLE)], table) for seed in range(COUNT)
    ]


def having(studies: list[Traits], name: str) -> np.ndarray:
    if name.startswith("device:"):
        return np.array([name.partition(":")[2] in one.devices for one in studies])
    known = {"view:AP": lambda one: one.ap, "exposure:poor": lambda one: one.poor}
    return np.array([known.get(name, lambda one: name in one.findings)(one) for one in studies])


@pytest.fixture(scope="module")
def usual() -> list[Traits]:
    return drawn(built_in())


@pytest.mark.parametrize("name", DRAWN)
def test_prevalences_hold_whatever_goes_with_what(usual, name):
    wanted = dict(built_in().prevalence)[name]
    margin = 4 * np.sqrt(wanted * (1 - wanted) / COUNT) + 0.01
    assert abs(having(usual, name).mean() - wanted) < margin


@pytest.mark.parametrize("row", built_in().together, ids=lambda row: f"{row.finding}-given-{row.given}")
def test_what_goes_together_is_found_together(usual, row):
    given = {
        "age:old": np.array([PEOPLE[seed % len(PEOPLE)].age >= 70 for seed in range(COUNT)]),
        "body:large": np.array([PEOPLE[seed % len(PEOPLE)].girth > 0.13 for seed in range(COUNT)]),
    }
    there = given[row.given] if row.given in given else having(usual, row.given)
    finding = having(usual, row.finding)
    if row.odds >= 1.6:
        assert finding[there].mean() > finding[~there].mean()


def test_without_company_findings_are_independent():
    studies = drawn(replace(built_in(), together=()))
    heart, edema = having(studies, "cardiomegaly"), having(studies, "edema")
    assert abs(edema[heart].mean() - edema[~heart].mean()) < 0.06


@pytest.mark.parametrize("given", ["device:pacemaker", "view:AP", "exposure:poor"])
def test_a_confounder_follows_its_finding_as_often_as_was_asked(given):
    table = replace(built_in(), confounders=(Confounder("consolidation", given, 0.9, 0.1),))
    studies = drawn(table)
    finding, other = having(studies, "consolidation"), having(studies, given)
    assert abs(other[finding].mean() - 0.9) < 0.06
    assert abs(other[~finding].mean() - 0.1) < 0.04


def test_a_share_of_1_and_0_is_exact():
    table = replace(built_in(), confounders=(Confounder("mass", "device:pacemaker", 1.0, 0.0),))
    studies = drawn(table)
    assert (having(studies, "mass") == having(studies, "device:pacemaker")).all()


def test_a_table_leaves_alone_what_it_does_not_speak_of(usual):
    table = replace(built_in(), confounders=(Confounder("mass", "device:pacemaker", 0.9, 0.1),))
    for before, after in zip(usual, drawn(table), strict=True):
        assert set(before.findings) ^ set(after.findings) <= {"support_devices"}
        assert set(before.devices) ^ set(after.devices) <= {"pacemaker"}
        assert (before.ap, before.poor) == (after.ap, after.poor)


def test_a_rare_finding_is_rare_and_no_finding_never_is():
    shares = {**dict(built_in().prevalence), "mass": 0.04, "nodule": 0.0}
    studies = drawn(replace(built_in(), prevalence=tuple(sorted(shares.items()))))
    assert 0.02 < having(studies, "mass").mean() < 0.06
    assert not having(studies, "nodule").any()


def test_strong_odds_are_strong():
    table = replace(built_in(), together=(Together("edema", "cardiomegaly", 200.0),))
    studies = drawn(table)
    heart, edema = having(studies, "cardiomegaly"), having(studies, "edema")
    assert edema[heart].mean() > 0.6
    assert abs(edema.mean() - dict(table.prevalence)["edema"]) < 0.05


def test_devices_are_a_finding_of_their_own(usual):
    for one in usual:
        assert ("support_devices" in one.findings) == bool(one.devices)
