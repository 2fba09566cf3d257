import pytest

from medcutmix_cli.errors import DatasetError
from medcutmix_cli.inspection import parent_images as parents
from medcutmix_cli.inspection.parent_images import NO_DATASET, NO_PICTURE
from medcutmix_cli.system.plain_text import escape_html as escape
from tests.gallery.outlines import page_of
from tests.run_folders import make_row, write_run
from tests.trees import write_picture


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(n) for n in range(3)],), rejected=1)


class Pictures:
    """A data set whose pictures lie in a folder; the second of them is missing."""

    def __init__(self, root):
        self.root = root
        write_picture(root / "0.jpg", 0)

    def resolve(self, path):
        return self.root / path


def test_a_data_set_that_is_gone_is_said_in_place(run, tmp_path, monkeypatch):
    def gone(*_places, **_more):
        raise DatasetError("not there")

    monkeypatch.setattr(parents, "open_run_dataset", gone)
    page, _ = page_of(run, tmp_path, pairs=1)
    assert page.count(escape(NO_DATASET)) == 2


def test_parents_pictures_are_shown_where_they_can_be_read(run, tmp_path, monkeypatch):
    monkeypatch.setattr(parents, "open_run_dataset", lambda *_, **__: Pictures(tmp_path))
    page, outline = page_of(run, tmp_path, pairs=1)
    assert page.count("data:image/jpeg") == 1
    assert page.count(escape(NO_PICTURE)) == 1
    assert any("Recipient: chest radiograph of study s0" in attrs.get("alt", "") for _, attrs in outline.tags)
