"""Pairs that were not written, on the page."""

import re
from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.gallery import write_gallery
from medcutmix_cli.gallery.picture_stores import EmbeddedPictures
from medcutmix_cli.gallery.refused_pairs import refused_html
from medcutmix_cli.inspection.refused_view import RefusedPairs
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from tests.gallery.outlines import Outline, articles_of, blocks_of
from tests.refused_runs import refused_run, toy_encoders

HOSTILE = "</p><script>alert('x')</script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with toy_encoders():
        yield refused_run(tmp_path_factory.mktemp("refused"))


@pytest.fixture(scope="module")
def views(run):
    pairs = RefusedPairs(run)
    return [pairs.view(one.pair_id) for one in read_outcomes(RunFolder(run).failures_file(0))]


def test_the_rule_is_said_and_drawn(views):
    view = next(view for view in views if view.outcome == "rejected")
    html = refused_html(view, EmbeddedPictures())
    for said in (view.rule, view.reason.what, "mask takes", "rejected: not written"):
        assert said in html
    assert re.search(r'class="broken" d="M', html)
    assert re.search(r'class="cells" d="M\d+ \d+h1v1h-1z', html)


def test_what_a_rule_guards_lies_over_the_cells_that_broke_it(views):
    view = next(view for view in views if view.outcome == "rejected")
    cells = np.zeros((14, 14), bool)
    cells[2:5, 2:5] = cells[9, 9] = True
    guarded = replace(view.recipient, neighbour=cells, broken=cells & (np.arange(14) > 8))
    html = refused_html(replace(view, recipient=guarded), EmbeddedPictures())
    drawn = re.findall(r'class="(cells|broken|neighbour)"', html.partition("<svg")[2].partition("</svg>")[0])
    assert drawn == ["cells", "broken", "neighbour"]


def test_a_picture_that_cannot_be_read_is_said_in_its_place(views):
    view = next(view for view in views if view.outcome == "failed")
    html = refused_html(view, EmbeddedPictures())
    assert "Not shown: image-missing" in html
    assert html.count('class="base"') == 1


def test_an_article_is_closed_and_no_text_becomes_markup(views):
    view = views[-1]
    parent = replace(view.recipient, study_id=HOSTILE, sentence=HOSTILE, view=HOSTILE, side=HOSTILE)
    hostile = replace(
        view, recipient=parent, rule=HOSTILE, split=HOSTILE, details=(HOSTILE,), finding=HOSTILE
    )
    outline = Outline()
    outline.feed(refused_html(hostile, EmbeddedPictures()))
    assert outline.open == []
    assert "script" not in [tag for tag, _ in outline.tags]


@pytest.mark.parametrize("asked", [0, 2, 99])
def test_as_many_as_were_asked_for_have_an_article_and_all_are_listed(run, tmp_path, asked):
    gone = [one for file in sorted((run / "failures").glob("*")) for one in read_outcomes(file)]
    write_gallery(run, tmp_path / "page.html", self_contained=True, rejected=asked)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    table = blocks_of(page)["index-0"]
    lines = [dict(zip(table["fields"], row, strict=True)) for row in table["rows"]]
    lines = [line for line in lines if line["state"] != "written"]
    assert [line["id"] for line in lines] == [one.pair_id for one in gone]
    assert sum(line["part"] >= 0 for line in lines) == min(asked, len(gone))
    assert "".join(articles_of(page)).count("not written") == min(asked, len(gone))
