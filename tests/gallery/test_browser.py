"""The page as people use it: opened from disk in Chromium, filtered, sorted, walked through by keys."""

import json
import re
import stat
from types import SimpleNamespace

import numpy as np
import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.gallery import browser as page_writer
from medcutmix_cli.gallery import write_gallery
from medcutmix_cli.images import encode_png
from medcutmix_cli.inspection import parent_images
from medcutmix_cli.run.failure_list import PairOutcome, outcome_lines
from medcutmix_cli.run.folder import RunFolder
from tests.gallery.chromium import chromium, memory_of, needs_chromium
from tests.gallery.outlines import blocks_of
from tests.refused_runs import refused_run, toy_encoders
from tests.run_folders import make_row, write_run
from tests.trees import write_picture

READY = "document.documentElement.dataset.ready === 'yes'"
PICTURE = "[...document.querySelectorAll('#pair img.base')].some((one) => one.naturalWidth > 0)"
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\x1b[31m"
OPEN = "document.querySelector('#list [aria-selected=true] code').textContent"
COUNT = "document.getElementById('count').textContent"


def picture(number):
    drawn = np.random.default_rng(number).integers(0, 255, (448, 448), dtype=np.uint8)
    return {"bytes": encode_png(drawn), "path": None}


def rows(count):
    return [
        make_row(
            n,
            ("mass", "atelectasis")[n % 2],
            lam=round(n / count, 3),
            image=picture(n % 7),
            split="train" if n < count - 3 else "validate",
        )
        for n in range(count)
    ]


def with_rejected(run):
    folder = RunFolder(run)
    gone = [PairOutcome(f"{0xF0 + n:016x}", f"s{n}", HOSTILE, "rejected", "mask", rule) for n, rule in
            enumerate(("recipient-mask-too-small", "donor-finding-pasted"))]  # fmt: skip
    folder.failures_file(0).write_text(outcome_lines(gone))
    return run


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    run = with_rejected(write_run(folder / "run", (rows(30),), rejected=2))
    write_gallery(run, folder / "my page #1.html")
    return folder / "my page #1.html"


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    with chromium(folder) as opened:
        opened.size(1400, 900)
        yield opened


@pytest.fixture
def opened(tab, page):
    tab.open(page)
    tab.wait(READY)
    return tab


def choose(tab, name, value):
    tab.value(
        f"(() => {{ const s = document.getElementById('{name}'); s.value = {json.dumps(value)}; "
        "s.dispatchEvent(new Event('change')); })()"
    )


@needs_chromium
def test_no_error_and_no_request_but_for_files_of_the_page(opened, page):
    opened.wait(PICTURE)
    for key in ("j", "2", "d", "3", " ", " ", "1", "m", "o", "w", "f", "t", "End", "Home", "k", "r"):
        opened.press(key)
    assert opened.problems == []
    beside = page.parent.as_uri()
    assert all(url.startswith((beside, "data:", "about:")) for url in opened.asked)


@needs_chromium
def test_keys_walk_through_the_pairs_and_the_address_names_them(opened):
    assert opened.value(OPEN) == f"{0:016x}"
    opened.press("j")
    opened.wait(f"{OPEN} === '{1:016x}'")
    assert opened.value("location.hash") == f"#pair={1:016x}"
    opened.press("End")
    opened.wait(f"{OPEN} === '{0xF1:016x}'")
    opened.press("Home")
    opened.press("k")
    assert opened.value(OPEN) == f"{0:016x}"


@needs_chromium
def test_a_link_opens_its_pair(tab, page):
    tab.open(page, f"#pair={17:016x}")
    tab.wait(READY)
    tab.wait(f"document.querySelector('#pair .facts code').textContent === '{17:016x}'")
    assert tab.value(OPEN) == f"{17:016x}"


@needs_chromium
@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("choose-finding", "mass", 15),
        ("choose-split", "validate", 3),
        ("choose-state", "rejected", 2),
        ("choose-rule", "donor-finding-pasted", 1),
    ],
)
def test_a_filter_leaves_what_fits(opened, name, value, left):
    choose(opened, name, value)
    assert opened.value(COUNT) == f"{left} of 32 pairs"
    opened.press("r")
    assert opened.value(COUNT) == "32 of 32 pairs"


@needs_chromium
def test_the_search_finds_ids_and_findings(opened):
    for words, left in (("mass", 15), (f"{17:016x}", 1), ("nothing-of-this", 0)):
        opened.value(
            f"(() => {{ const s = document.getElementById('search'); s.value = '{words}'; "
            "s.dispatchEvent(new Event('input')); })()"
        )
        assert opened.value(COUNT) == f"{left} of 32 pairs"
    assert "No pair fits" in opened.value("document.getElementById('pair').textContent")


@needs_chromium
def test_pairs_are_sorted_and_turned_round_and_those_without_a_value_come_last(opened):
    first = "document.querySelector('#row-0 code').textContent"
    opened.press("j"), opened.press("Home")
    choose(opened, "sort", "lam")
    assert opened.value(first) == f"{0:016x}"
    opened.press("t")
    assert opened.value(first) == f"{29:016x}"
    opened.press("End")
    opened.wait(f"{OPEN}.endsWith('f0') || {OPEN}.endsWith('f1')")


@needs_chromium
def test_a_histogram_filters(opened):
    opened.value("document.getElementById('filters').open = true")
    opened.wait("document.querySelector('#histogram-lam p').textContent.includes('weight')")
    opened.value("document.querySelector('#histogram-lam .bars i').click()")
    few = int(opened.value(COUNT).split()[0])
    assert 0 < few < 10
    opened.value("document.querySelector('#histogram-lam .bars i').click()")
    assert opened.value(COUNT) == "32 of 32 pairs"
    opened.value(
        "(() => { const s = document.querySelector('#histogram-lam .most'); s.value = 12; "
        "s.dispatchEvent(new Event('input')); })()"
    )
    assert 0 < int(opened.value(COUNT).split()[0]) < 20


@needs_chromium
def test_a_pair_that_was_rejected_says_its_rule_and_what_to_type(opened):
    opened.press("End")
    opened.wait("document.querySelector('#pair dl') !== null")
    said = opened.value("document.getElementById('pair').innerText")
    for part in ("donor-finding-pasted", "medcutmix inspect RUN --pair", "another finding of the donor"):
        assert part in said
    assert (
        opened.value("document.querySelectorAll('#pair img').length") == 0
    )  # the donor's hostile id is text


@needs_chromium
def test_the_slider_divides_and_blinking_shows_one_after_the_other(tab, tmp_path, monkeypatch):
    for number in (0, 1000):
        write_picture(tmp_path / f"{number}.jpg", number)
    there = SimpleNamespace(resolve=lambda path: tmp_path / path)
    monkeypatch.setattr(parent_images, "open_run_dataset", lambda *_places, **_more: there)
    write_gallery(write_run(tmp_path / "run", (rows(1),)), tmp_path / "page.html", self_contained=True)
    opened = tab
    opened.open(tmp_path / "page.html")
    opened.wait(READY)
    opened.wait("document.querySelectorAll('#pair img.base').length === 3")
    opened.press("2")
    opened.wait("document.querySelector('.compare .over') !== null")
    opened.value(
        "(() => { const s = document.getElementById('divide'); s.value = 80; s.dispatchEvent(new Event('input')); })()"
    )
    assert "80%" in opened.value("document.querySelector('.compare .over').style.clipPath")
    opened.press("3")
    flipped = "document.querySelector('.compare').classList.contains('flipped')"
    before = opened.value(flipped)
    opened.wait(f"{flipped} !== {json.dumps(before)}", 3)
    opened.press(" ")
    held = opened.value(flipped)
    opened.press(" ")
    assert opened.value(flipped) != held
    opened.press("1")
    assert opened.value("document.querySelector('.compare')") is None


@needs_chromium
def test_a_rejected_pair_that_was_rendered_shows_the_rule_drawn(tab, tmp_path):
    with toy_encoders():
        write_gallery(refused_run(tmp_path), tmp_path / "page.html", rejected=99)
    tab.problems.clear()
    tab.open(tmp_path / "page.html")
    tab.wait(READY)
    choose(tab, "choose-state", "rejected")
    choose(tab, "sort", "id")
    tab.press("Home")
    tab.wait("document.querySelector('#pair path.cells') !== null")
    assert tab.value("document.querySelector('#pair path.cells').getBBox().width") > 0
    assert "mask takes" in tab.value("document.getElementById('pair').textContent")
    tab.wait(PICTURE)
    assert tab.problems == []


@needs_chromium
def test_only_the_rows_in_sight_are_there(opened):
    assert opened.value("document.getElementById('spacer').children.length") < 20


@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(1400, False), (390, False), (820, True)])
def test_nothing_is_wider_than_the_screen(tab, page, width, dark):
    tab.size(width, 844, dark=dark)
    tab.open(page)
    tab.wait(READY)
    tab.wait(PICTURE)
    assert tab.value("document.documentElement.scrollWidth") <= width
    background = tab.value("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 150) == dark
    tab.size(1400, 900)


@needs_chromium
def test_a_page_of_one_file_shows_its_pairs_too(tab, tmp_path):
    run = write_run(tmp_path / "run", (rows(5),))
    (tmp_path / "one_files").mkdir()
    (tmp_path / "one_files" / "mine.txt").touch()
    assert write_gallery(run, tmp_path / "one.html", 3, self_contained=True) == 3
    tab.problems.clear()
    tab.open(tmp_path / "one.html")
    tab.wait(READY)
    tab.wait(PICTURE)
    assert tab.value(COUNT) == "3 of 3 pairs"
    assert tab.problems == []


@needs_chromium
def test_a_page_without_its_folder_says_so(tab, tmp_path):
    write_gallery(write_run(tmp_path / "run"), tmp_path / "page.html")
    (tmp_path / "page_files").rename(tmp_path / "elsewhere")
    tab.open(tmp_path / "page.html")
    tab.wait("document.getElementById('pair').textContent.includes('page_files must lie beside this page')")
    tab.problems.clear()


@needs_chromium
def test_five_hundred_pairs_open_within_two_seconds_and_take_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "medcutmix_cli.inspection.pair_view._faults", lambda _row: ()
    )  # not what is timed here
    run = write_run(tmp_path / "run", tuple(rows(125) for _ in range(4)))
    write_gallery(run, tmp_path / "page.html")
    profile = tmp_path / "profile"
    with chromium(profile) as tab:
        tab.size(1400, 900)
        tab.open(tmp_path / "page.html")
        assert tab.wait(PICTURE) < 2
        tab.wait(READY)
        assert tab.value(COUNT) == "500 of 500 pairs"
        for _ in range(60):
            tab.press("j")
        tab.value("document.getElementById('list').scrollTop = 20000")
        tab.wait(PICTURE)
        assert max(memory_of(profile)) < 300e6


def test_a_folder_of_somebody_else_beside_the_page_is_left_alone(tmp_path):
    (tmp_path / "page_files").mkdir()
    (tmp_path / "page_files" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        write_gallery(write_run(tmp_path / "run"), tmp_path / "page.html")
    assert (tmp_path / "page_files" / "thesis.txt").read_text() == "mine"


def test_a_second_page_takes_the_place_of_the_first_and_leaves_nothing(tmp_path):
    run = write_run(tmp_path / "run", (rows(25),))
    write_gallery(run, tmp_path / "page.html")
    write_gallery(run, tmp_path / "page.html", 3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "page_files", "run"]
    assert sorted(p.name for p in (tmp_path / "page_files").glob("pairs-*")) == ["pairs-0.js"]


def test_the_folder_beside_a_page_is_private_and_the_same_run_gives_the_same_files(tmp_path):
    run = write_run(tmp_path / "run", (rows(4),))
    contents = []
    for _ in range(2):
        write_gallery(run, tmp_path / "page.html")
        files = sorted(p for p in (tmp_path / "page_files").rglob("*") if p.is_file())
        contents.append([(p.name, p.read_bytes()) for p in files])
    assert contents[0] == contents[1]
    assert stat.S_IMODE((tmp_path / "page_files").stat().st_mode) == 0o700


def test_a_long_list_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(page_writer, "LINES_A_PART", 2)
    write_gallery(write_run(tmp_path / "run", (rows(5),)), tmp_path / "page.html", self_contained=True)
    blocks = blocks_of((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert blocks["setup"]["index_parts"] == 3
    assert [len(blocks[f"index-{n}"]["rows"]) for n in range(3)] == [2, 2, 1]


SAID = {"label_a": [-1.0] * 14, "label_b": [-1.0] * 14, "label_mixed": [-1.0] * 14, "label_w": [0.25] * 14}
CUT = """[...document.querySelectorAll('#pair *')].filter((one) => one.clientWidth
  && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline'
  && !one.matches('.heard, .picture, .picture *')).map((one) => one.className || one.tagName)"""
BEYOND = """(() => { const box = document.querySelector('#pair .numbers').getBoundingClientRect();
  return [...document.querySelectorAll('#pair .labels th, #pair .labels td')].filter(
    (one) => one.getBoundingClientRect().right > box.right + 1).length; })()"""


@pytest.fixture(scope="module")
def said_page(tmp_path_factory):
    """Return a page of a pair of which every observation has the longest words."""
    folder = tmp_path_factory.mktemp("said")
    row = make_row(0, "mass", image=picture(0), label_state=["never-denied", "uncertain"] * 7, **SAID)
    write_gallery(write_run(folder / "run", ([row],)), folder / "page.html")
    return folder / "page.html"


@needs_chromium
@pytest.mark.parametrize("width", [1600, 1400, 1200, 1000, 820, 390, 340])
def test_nothing_of_a_pair_is_cut_off(tab, said_page, width):
    tab.size(width, 900)
    tab.open(said_page)
    tab.wait(READY)
    tab.wait("document.querySelectorAll('#pair .labels tbody tr').length === 14")
    found = tab.value(CUT), tab.value(BEYOND)
    tab.size(1400, 900)
    assert found == ([], 0)


@needs_chromium
def test_the_number_of_a_pair_is_its_place_among_all_rows_from_1(tab, tmp_path):
    kept = make_row(0, image_mode="keep", finding="", finding_a="")
    run = write_run(tmp_path / "run", ([kept, make_row(1)],))
    write_gallery(run, tmp_path / "page.html", self_contained=True)
    tab.open(tmp_path / "page.html")
    tab.wait(READY)
    tab.wait("document.querySelector('#pair .number') !== null")
    assert tab.value("document.querySelector('#pair .number').textContent") == "2"
    assert tab.value("document.getElementById('sort').selectedOptions[0].text") == "mixed first"
