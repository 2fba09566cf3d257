import base64
import re

import numpy as np
import pytest

from medcutmix_cli import Run
from medcutmix_cli.images import decode_picture
from tests.run_folders import INSERTED, REMOVED, make_row, write_run


@pytest.fixture
def pair(tmp_path):
    return Run(write_run(tmp_path / "run"))[0]


def test_a_pair_has_picture_report_and_weight(pair):
    assert pair.image.dtype == np.uint8
    assert set(np.unique(pair.image)) == {90}
    assert INSERTED in pair.report
    assert (pair.lam, pair.finding) == (0.75, "pleural_effusion")


def test_a_notebook_shows_its_picture_and_what_left_and_came(pair):
    page = pair._repr_html_()
    (kind, content), *more = re.findall(r'src="data:image/(\w+);base64,([^"]+)"', page)
    assert kind == "png"
    assert not more
    assert (decode_picture(base64.b64decode(content)) == pair.image).all()
    assert f"<del>{REMOVED}</del>" in " ".join(page.split())
    assert f"<ins>{INSERTED}</ins>" in " ".join(page.split())
    assert not re.search(r"https?:|<script", page)


def test_its_name_in_a_console_holds_no_report(pair):
    assert REMOVED not in repr(pair)
    assert INSERTED not in repr(pair)
    assert repr(pair) == "RunPair(0000000000000000: pleural_effusion, lam 0.750)"


def test_a_report_cannot_write_html(tmp_path):
    row = make_row()
    text = "<img src=x onerror=alert(1)>"
    edits = [{**edit, "text": text} for edit in row["edits"]]
    page = Run(write_run(tmp_path / "run", ([row | {"edits": edits}],)))[0]._repr_html_()
    assert text not in page
    assert "&lt;img src=x" in page
