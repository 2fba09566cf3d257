"""A table of what goes with what is read whole, checked by name, and changes only what it speaks of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medcutmix_cli.datasets.phantoms.correlations import (
    DRAWN,
    SET_BY_CONFOUNDERS,
    TRAITS,
    Confounder,
    Together,
    built_in,
    read_correlations,
)
from medcutmix_cli.datasets.phantoms.records import DEVICE_KINDS, FINDINGS
from medcutmix_cli.errors import UsageError
from tests.docs import ROOT

READY = sorted((ROOT / "examples" / "correlations").glob("*.toml"))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "table.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_table_is_the_built_in_one(tmp_path):
    assert read_correlations(written(tmp_path, "")) == built_in()


def test_the_built_in_table_knows_every_finding_and_every_device():
    assert {name for name, _ in built_in().prevalence} == set(DRAWN)
    assert set(DRAWN) == (set(FINDINGS) - {"support_devices"}) | {f"device:{kind}" for kind in DEVICE_KINDS}
    given = {row.given for row in built_in().together}
    assert {"view:AP", "age:old", "body:large", "exposure:poor"} <= given  # view, body, exposure
    assert given & set(FINDINGS)
    assert {row.finding for row in built_in().together} & set(SET_BY_CONFOUNDERS)


def test_a_table_changes_what_it_speaks_of_and_nothing_else(tmp_path):
    text = """
[prevalence]
mass = 0.04
[site]
noise = 2
[prose]
typo = 0.5
[[confounder]]
finding = "consolidation"
given = "device:pacemaker"
share = 0.9
otherwise = 0.1
"""
    found, base = read_correlations(written(tmp_path, text)), built_in()
    assert dict(found.prevalence) == {**dict(base.prevalence), "mass": 0.04}
    assert found.site == replace(base.site, noise=2)
    assert found.prose == (("typo", 0.5),)
    assert found.confounders == (Confounder("consolidation", "device:pacemaker", 0.9, 0.1),)
    assert found.together == base.together


def test_a_list_replaces_the_whole_list(tmp_path):
    assert read_correlations(written(tmp_path, "together = []")).together == ()
    text = '[[together]]\nfinding = "edema"\ngiven = "cardiomegaly"\nodds = 9\n'
    assert read_correlations(written(tmp_path, text)).together == (Together("edema", "cardiomegaly", 9),)


TOGETHER = '[[together]]\nfinding = "{}"\ngiven = "{}"\nodds = {}\n'
CONFOUNDER = '[[confounder]]\nfinding = "{}"\ngiven = "{}"\nshare = {}\notherwise = 0.1\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[odds]\nmass = 1", "no part", id="unknown-part"),
        pytest.param("[prevalence]\nhairball = 0.1", "hairball", id="unknown-finding"),
        pytest.param("[prevalence]\nmass = 1.2", r"\[0, 1\]", id="more-than-all"),
        pytest.param("[site]\ncolour = 1", "knows", id="unknown-site-setting"),
        pytest.param("[site]\nnoise = 0", "above 0", id="no-noise-at-all"),
        pytest.param("[prose]\nrhyme = 0.5", "rhyme", id="unknown-habit"),
        pytest.param(TOGETHER.format("edema", "mass", 2), "can follow", id="drawn-later"),
        pytest.param(TOGETHER.format("edema", "edema", 2), "can follow", id="itself"),
        pytest.param(TOGETHER.format("hairball", "edema", 2), "hairball", id="unknown-in-a-list"),
        pytest.param(TOGETHER.format("edema", "cardiomegaly", -1), "above 0", id="odds-below-0"),
        pytest.param(CONFOUNDER.format("edema", "sex:F", 0.9), "sex:F", id="of-the-patient"),
        pytest.param(CONFOUNDER.format("edema", "view:AP", 9), r"\[0, 1\]", id="share-above-1"),
        pytest.param('[[together]]\nfinding = "edema"', "needs", id="half-a-row"),
        pytest.param("not toml", "cannot be read", id="no-toml"),
    ],
)
def test_what_a_table_cannot_say_is_refused_by_name(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as refused:
        read_correlations(written(tmp_path, text))
    assert "table.toml" in str(refused.value.where)


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_correlations(tmp_path / "none.toml")


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_every_ready_table_is_accepted_and_is_not_the_built_in_one(path):
    assert read_correlations(path) != built_in()


def test_the_page_names_what_a_table_can_say():
    page = (ROOT / "docs" / "phantoms.md").read_text(encoding="utf-8")
    for name in (*TRAITS, *SET_BY_CONFOUNDERS, *(path.name for path in READY)):
        assert f"`{name}`" in page, name
