import base64
import io
import re
import stat
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medcutmix_cli.configuration.settings import IMAGE_FORMATS
from medcutmix_cli.errors import DatasetError, ImageError, RunError
from medcutmix_cli.gallery import parents, write_gallery
from medcutmix_cli.gallery.choice import spread_over_findings
from medcutmix_cli.gallery.markup import escape
from medcutmix_cli.gallery.pairs import NOT_ASKED
from medcutmix_cli.gallery.parents import NO_DATASET, NO_PICTURE, NO_RUN
from medcutmix_cli.gallery.pictures import heat_uri, outline_path
from medcutmix_cli.gallery.report import diff_html
from medcutmix_cli.images import encode_picture
from medcutmix_cli.inspection.pair_record import EntityView, Piece
from medcutmix_cli.run.contents import open_contents, read_columns
from tests.run_folders import make_row, write_run
from tests.trees import write_picture

WORDS = st.characters(exclude_categories=["Cc", "Cs"])
VOID = {"meta", "img", "input", "link"}


class Outline(HTMLParser):
    """Collects tags and checks that each is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(run, folder, **options):
    target = folder / "page.html"
    write_gallery(run, target, **options)
    page = target.read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    return page, outline


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


def test_the_page_asks_nothing_of_the_network(run, tmp_path):
    page, outline = page_of(run, tmp_path)
    places = [attrs[key] for _, attrs in outline.tags for key in ("src", "href") if key in attrs]
    assert all(place.startswith(("data:image/", "#")) for place in places)
    assert "url(" not in page
    assert "@import" not in page
    assert not any(tag in ("script", "link", "iframe") for tag, _ in outline.tags)
    assert "default-src 'none'" in page


def test_only_its_owner_may_read_the_page(run, tmp_path):
    page_of(run, tmp_path)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600


def test_the_same_shards_give_the_same_page(run, tmp_path):
    assert page_of(run, tmp_path)[0] == page_of(run, tmp_path)[0]


def test_findings_take_turns(tmp_path):
    rows = [make_row(n) for n in range(8)] + [make_row(8, "mass"), make_row(9, "pneumothorax")]
    contents = open_contents(write_run(tmp_path / "run", (rows,)))
    found = [row["finding"] for row in read_columns(contents, ["finding"])]
    chosen = [found[index] for index in spread_over_findings(contents, 4)]
    assert sorted(chosen) == ["mass", "pleural_effusion", "pleural_effusion", "pneumothorax"]


def test_a_small_run_is_shown_whole(run, tmp_path):
    assert write_gallery(run, tmp_path / "page.html", 10) == 3


@pytest.mark.parametrize(("synthetic", "shown"), [(False, True), (True, False)])
def test_a_page_of_patients_says_that_it_must_not_be_shared(tmp_path, synthetic, shown):
    page, _ = page_of(write_run(tmp_path / "run", synthetic=synthetic), tmp_path)
    assert ("Derived from credentialed data: do not share or upload." in page) == shown


def test_a_lone_shard_of_patients_counts_as_credentialed(tmp_path):
    run = write_run(tmp_path / "run", synthetic=False)
    lone = (run / "data" / "part-00000.parquet").rename(tmp_path / "lone.parquet")
    page, _ = page_of(lone, tmp_path)
    assert "do not share" in page
    assert NO_RUN in page


@pytest.mark.parametrize("demonstration", [True, False])
def test_the_demonstration_encoder_has_a_banner(tmp_path, demonstration):
    page, _ = page_of(write_run(tmp_path / "run", demonstration=demonstration), tmp_path)
    assert ("Demonstration encoder" in page) == demonstration


def test_the_page_says_what_the_method_is(run, tmp_path):
    page, _ = page_of(run, tmp_path)
    assert "a documented offline formulation of MedCutMix" in page
    assert "as in the paper" not in page


def test_each_parent_says_how_strong_its_evidence_is(tmp_path):
    strong, ungated = make_row(0), make_row(1, ground_p_a=None, ground_p_b=None)
    for row, times in ((strong, 2), (ungated, 0)):
        run = write_run(tmp_path / str(times), ([row],))
        assert page_of(run, tmp_path)[0].count("ground_p 0.005") == times


def test_counts_and_reasons_are_on_the_page(run, tmp_path):
    text = " ".join(page_of(run, tmp_path)[1].text)
    for said in ("report-empty", "view-unknown", "recipient-mask-too-small", "pairs written"):
        assert said in text


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


def test_every_picture_has_a_text_for_those_who_do_not_see_it(run, tmp_path):
    _, outline = page_of(run, tmp_path)
    pictures = [attrs for tag, attrs in outline.tags if tag == "img"]
    assert pictures
    assert all("alt" in attrs for attrs in pictures)


@pytest.mark.parametrize(
    "field",
    [
        "finding",
        "split",
        "strategy",
        "sentence_a",
        "sentence_b",
        "report_a",
        "report_b",
        "study_id_a",
        "view_b",
        "side_a",
        "finding_a",
        "image_mode",
    ],
)
def test_no_text_becomes_markup(tmp_path, field):
    hostile = "</p><script>alert('x')</script>" * 3
    row = make_row(0)
    row[field] = hostile + str(row[field])
    row["edits"][0]["text"] = hostile
    row["entities"] = [
        {"start": 0, "end": 99, "finding": hostile, "assertion": hostile, "side": hostile, "section": hostile}
    ]
    page, outline = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    assert "<script" not in page
    assert "script" not in [tag for tag, _ in outline.tags]


def test_a_page_that_cannot_be_written_is_one_clear_error(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        write_gallery(run, tmp_path / "file" / "page.html")


def test_a_run_without_a_shard_has_a_page_too(tmp_path):
    run = write_run(tmp_path / "run", ([],), missing=2)
    assert "No shard is complete yet" in page_of(run, tmp_path)[0]


def test_the_words_that_differ_are_stressed():
    pieces = [Piece("removed", "Small left effusion."), Piece("inserted", "Large left effusion.")]
    html = re.sub(r'<span class="heard">.*?</span>', "", diff_html(pieces))
    assert html == "<del><b>Small</b> left effusion.</del> <ins><b>Large</b> left effusion.</ins>"


def test_sentences_with_nothing_in_common_are_not_compared():
    pieces = [Piece("removed", "Small left effusion"), Piece("inserted", "Normal")]
    assert "<b>" not in diff_html(pieces)


@given(
    st.lists(
        st.builds(Piece, st.sampled_from(["same", "removed", "inserted"]), st.text(WORDS, min_size=1)),
        max_size=6,
    )
)
def test_the_diff_is_well_formed_and_loses_no_word(pieces):
    outline = Outline()
    outline.feed(diff_html(pieces))
    assert outline.open == []
    shown = "".join("".join(outline.text).split())
    assert all("".join(piece.text.split()) in shown for piece in pieces)


def test_line_ends_of_other_systems_leave_no_trace():
    assert escape("No effusion.\r\nNormal.\x1b") == "No effusion.\nNormal.\ufffd"


def test_the_outline_of_one_cell_is_its_four_sides():
    assert sorted(re.findall(r"M\d \d[hv]1", outline_path([0, 1, 0, 0], (2, 2)))) == sorted(
        ["M1 0h1", "M1 1h1", "M1 0v1", "M2 0v1"]
    )


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_an_outline_is_closed(height, width, data):
    mask = data.draw(st.lists(st.integers(0, 1), min_size=height * width, max_size=height * width))
    ends = {}
    for x, y, way in re.findall(r"M(\d+) (\d+)([hv])1", outline_path(mask, (height, width))):
        start = (int(x), int(y))
        for point in (start, (start[0] + (way == "h"), start[1] + (way == "v"))):
            ends[point] = ends.get(point, 0) + 1
    assert all(count % 2 == 0 for count in ends.values())


def test_the_heat_is_clear_outside_the_field_of_view_and_strong_at_the_peak():
    scores = [float("nan")] * 8 + [0.0] * 7 + [1.0]
    layer = Image.open(io.BytesIO(base64.b64decode(heat_uri(scores, (4, 4)).partition(",")[2]))).convert(
        "RGBA"
    )
    alpha = np.asarray(layer)[..., 3]
    assert alpha[:40].max() == 0
    assert alpha[-1, -1] > 100


@pytest.mark.parametrize("image_format", IMAGE_FORMATS)
def test_the_mix_is_embedded_as_what_it_is(tmp_path, image_format):
    pixels = np.full((112, 112), 90, np.uint8)
    row = make_row(0, image={"bytes": encode_picture(pixels, image_format), "path": None})
    page, _ = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    kind, encoded = re.findall(r'src="data:image/(\w+);base64,([^"]+)" alt="Mixed', page)[0]
    assert kind == image_format
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).format == image_format.upper()


def test_a_picture_of_no_known_format_is_refused(tmp_path):
    row = make_row(0, image={"bytes": b"GIF89a", "path": None})
    with pytest.raises(ImageError, match="neither PNG nor JPEG nor WebP"):
        write_gallery(write_run(tmp_path / "run", ([row],)), tmp_path / "page.html")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"finding_a": "pleural_other"}, 'pleural other <span class="to"', id="another-finding-left"
        ),
        pytest.param({"finding_a": ""}, "mass put in", id="nothing-left"),
        pytest.param({"image_mode": "box"}, "picture mixed in a random box", id="cutmix"),
        pytest.param({"image_mode": "soft"}, "picture mixed softly", id="a-soft-mix"),
        pytest.param({"impression_consistent": False}, "impression not consistent", id="impression"),
        pytest.param(
            {"prompted_a": True}, "recipient&#x27;s report made from labels", id="a-prompted-recipient"
        ),
        pytest.param({"shift_y": 7}, "the donor moved 7 px down", id="a-donor-that-was-moved"),
        pytest.param({"edits": []}, "report as it was", id="a-report-that-was-kept"),
    ],
)
def test_what_is_unusual_about_a_pair_is_on_the_page(tmp_path, changes, said):
    usual, unusual = make_row(0, "mass"), make_row(0, **({"finding": "mass", "finding_a": "mass"} | changes))
    assert said not in page_of(write_run(tmp_path / "usual", ([usual],)), tmp_path)[0]
    assert said in page_of(write_run(tmp_path / "unusual", ([unusual],)), tmp_path)[0]


def test_a_parent_that_was_asked_nothing_has_no_heat_map(tmp_path):
    blank = np.full(16, np.nan, np.float16)
    row = make_row(0, sentence_b="", map_b=blank, mask_b=np.zeros(16, np.uint8))
    page, outline = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    assert [attrs.get("class") for tag, attrs in outline.tags if tag == "img"].count("heat") == 1
    assert page.count(NOT_ASKED) == 1


def test_the_region_is_outlined_where_it_was_taken_from_the_donor(tmp_path):
    row = make_row(0, shift_y=28, shift_x=-56)  # a cell of 112 / 4 pixels down, two to the left
    page, _ = page_of(write_run(tmp_path / "run", ([row],)), tmp_path)
    assert re.findall(r'class="paste" transform="translate\((.*?)\)"', page) == ["2 -1"]


def mentioned(start, end, assertion="present"):
    return EntityView(start, end, "pleural_effusion", assertion, "left", "findings")


def test_findings_of_the_mixed_report_are_marked_with_what_is_said_of_them():
    pieces = [Piece("same", "No mass. "), Piece("removed", "Old."), Piece("inserted", "Left effusion.")]
    html = diff_html(pieces, [EntityView(3, 7, "mass", "absent", "none", "findings"), mentioned(14, 22)])
    assert '<mark class="absent" title="mass: absent">mass</mark>' in html
    assert '<mark class="present" title="pleural effusion: present, left">effusion</mark>' in html
    assert "Old" in html


def test_a_finding_that_an_edit_cuts_is_marked_on_both_sides():
    html = diff_html([Piece("same", "pleural "), Piece("inserted", "effusion")], [mentioned(0, 16)])
    assert html.count("<mark") == 2


@given(
    st.lists(
        st.builds(Piece, st.sampled_from(["same", "removed", "inserted"]), st.text(WORDS, min_size=1)),
        max_size=6,
    ),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), max_size=3),
)
def test_marks_change_no_word_of_the_diff(pieces, spans):
    def words(html):
        outline = Outline()
        outline.feed(html)
        assert outline.open == []
        return "".join(outline.text)

    entities = [mentioned(start, start + length) for start, length in spans]
    assert words(diff_html(pieces, entities)) == words(diff_html(pieces))


def test_no_png_tool_is_needed_to_read_the_mix(run, tmp_path):
    page, _ = page_of(run, tmp_path, pairs=1)
    encoded = re.findall(r'src="data:image/png;base64,([^"]+)" alt="Mixed', page)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded[0]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (112, 112)
