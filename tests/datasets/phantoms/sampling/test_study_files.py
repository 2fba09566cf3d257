"""A study's files and its rows of the tables say the same, whoever was written first."""

import json
from dataclasses import asdict, replace

import cv2
import pytest

from medcutmix_cli.datasets.phantoms.correlations import built_in
from medcutmix_cli.datasets.phantoms.sampling.studies import draw_studies
from medcutmix_cli.datasets.phantoms.sampling.study_files import (
    SUFFIXES,
    SampleSettings,
    write_study,
    write_tables,
)

SETTINGS = SampleSettings(6, "jpg", 0, 96, prose=2)


def written(root, settings=SETTINGS):
    return [write_study(root, plan, settings) for plan in draw_studies(settings.studies, settings.seed)]


def test_rows_tell_of_the_pictures_that_are_there(tmp_path):
    for study in written(tmp_path):
        folder = tmp_path / study.plan.folder
        assert len(study.metadata) == len(study.plan.pictures) == len(list(folder.iterdir()))
        for row in study.metadata:
            picture = cv2.imread(str(folder / f"{row[0]}.jpg"), cv2.IMREAD_GRAYSCALE)
            assert [str(side) for side in picture.shape] == [row[5], row[6]]
        assert set(study.findings) == {box.finding for box in study.boxes}
        assert study.report


@pytest.mark.parametrize("image_format", sorted(SUFFIXES))
def test_the_tables_are_the_same_whoever_was_written_first(tmp_path, image_format):
    settings, contents = replace(SETTINGS, image_format=image_format), []
    studies = written(tmp_path / "pictures", settings)
    for name, order in (("one", studies), ("other", studies[::-1])):
        (tmp_path / name).mkdir()
        write_tables(tmp_path / name, order, settings)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert ("IMAGE_FILENAMES" in contents[0]) == (image_format == "jpg")


def test_settings_are_what_the_marker_has_of_them():
    for settings in (SETTINGS, replace(SETTINGS, look=2, prose=3, correlations=built_in())):
        assert json.loads(json.dumps(settings.plain())) == settings.plain()
        assert set(settings.plain()) == set(asdict(settings))
        assert "correlations" not in settings.summary_fields()
