"""A run looks for its data set, its reports and its unpaired data set where they are now, whoever asks."""

import shutil

import pytest

import medcutmix_cli
from medcutmix_cli import loader
from medcutmix_cli.configuration.settings import SETTINGS, settings_of
from medcutmix_cli.errors import DatasetError
from tests.nih_trees import write_nih

PARTS = ("dataset", "reports", "unpaired")
COMMANDS = sorted(SETTINGS["dataset.root"].declared.commands)
USES = {
    "verify": lambda run, out, **now: medcutmix_cli.verify(run, deep=True, **now),
    "export": lambda run, out, **now: medcutmix_cli.export(
        run, out / "export", to="folder", originals="together", **now
    ),
    "detect": lambda run, out, **now: medcutmix_cli.evaluate_detect(run, **now),
    "mixes": lambda run, out, **now: medcutmix_cli.evaluate_mixes(run, **now),
    "parent_files": lambda run, out, **now: loader.parent_files(run, **now),
}
LOOKS = {
    "page": lambda run, out, **now: medcutmix_cli.write_gallery(run, out / "a.html", rejected=2, **now),
    "sheet": lambda run, out, **now: medcutmix_cli.write_sheet(run, out / "a.png", rejected=2, **now),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Write a run of three parts, and move all of them."""
    folder = tmp_path_factory.mktemp("moved")
    source, unpaired, reports = folder / "in", folder / "nih", folder / "texts"
    medcutmix_cli.write_sample(source, studies=60, height=256, seed=3)
    write_nih(unpaired, 12)
    shutil.copytree(source, reports, ignore=shutil.ignore_patterns("*.jpg", "*.csv*", "*.json"))
    medcutmix_cli.augment(
        source,
        folder / "run",
        encoder="bundled",
        gate="none",
        reports=reports,
        unpaired=unpaired,
        unpaired_as="donor",
        seed=1,
    )
    now = {}
    for name, was in zip(PARTS, (source, reports, unpaired), strict=True):
        now[name] = was.rename(folder / f"{name}-now")
    return folder / "run", now


def found_outside(error, name):
    return error.hint == f"has it moved? --{name} PATH says where it is now"


@pytest.mark.parametrize("command", COMMANDS)
def test_what_takes_a_moved_data_set_takes_each_part_of_it(command):
    assert {one.declared.keyword for one in settings_of(command)} >= set(PARTS)


@pytest.mark.parametrize("use", sorted(USES))
def test_every_part_may_have_moved(places, tmp_path, use):
    run, now = places
    USES[use](run, tmp_path, **now)


@pytest.mark.parametrize("missing", PARTS)
@pytest.mark.parametrize("use", sorted(set(USES) - {"mixes"}))  # which looks for phantoms only
def test_a_part_that_nobody_says_is_told_by_its_option(places, tmp_path, use, missing):
    run, now = places
    with pytest.raises(DatasetError) as caught:
        USES[use](run, tmp_path, **{name: place for name, place in now.items() if name != missing})
    assert found_outside(caught.value, missing)


@pytest.mark.parametrize("use", sorted(LOOKS))
def test_pictures_and_refused_pairs_are_shown_from_where_they_are_now(places, tmp_path, use):
    run, now = places
    assert LOOKS[use](run, tmp_path, **now)


def test_a_page_without_a_part_that_has_moved_names_every_option(places, tmp_path):
    run, now = places
    medcutmix_cli.write_gallery(run, tmp_path / "a.html", self_contained=True)
    told = (tmp_path / "a.html").read_text()
    assert all(f"--{name}" in told for name in PARTS)
    medcutmix_cli.write_gallery(run, tmp_path / "b.html", self_contained=True, **now)
    assert "Not shown" not in (tmp_path / "b.html").read_text()
