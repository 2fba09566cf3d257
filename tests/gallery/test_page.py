import base64
import hashlib
import json
import re
import stat
from dataclasses import asdict, replace

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.gallery import page, write_gallery
from medcutmix_cli.gallery.markup import resource
from medcutmix_cli.inspection.parent_images import NO_RUN
from medcutmix_cli.inspection.summary import inspect
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shape import TraitCount
from tests.gallery.outlines import page_of
from tests.run.test_shape import SHAPE
from tests.run_folders import make_row, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(n) for n in range(3)],), rejected=1)


def test_the_page_asks_nothing_of_the_network(run, tmp_path):
    page, outline = page_of(run, tmp_path)
    places = [attrs[key] for _, attrs in outline.tags for key in ("src", "href") if key in attrs]
    assert all(place.startswith(("data:image/", "#")) for place in places)
    assert "url(" not in page
    assert "@import" not in page
    assert not any(tag in ("script", "link", "iframe") for tag, _ in outline.tags)
    assert "default-src 'none'" in page


@pytest.mark.parametrize("self_contained", [True, False])
def test_one_script_may_run_and_its_hash_says_which(run, tmp_path, self_contained):
    write_gallery(run, tmp_path / "page.html", self_contained=self_contained)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    allowed = re.findall(r"script-src '(sha256-[^']+)'( 'self' file:)?;", page)
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert allowed == [(f"sha256-{hashed}", "" if self_contained else " 'self' file:")]


def test_the_script_knows_no_address_and_no_way_out():
    script = resource("page.js")
    for word in ("http", "fetch(", "XMLHttpRequest", "WebSocket", "eval(", "sendBeacon", "import("):
        assert word not in script


def test_only_its_owner_may_read_the_page(run, tmp_path):
    page_of(run, tmp_path)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600


def test_the_same_shards_give_the_same_page(run, tmp_path):
    assert page_of(run, tmp_path)[0] == page_of(run, tmp_path)[0]


def test_originals_and_rows_stand_side_by_side_where_the_plan_counted_them(run, tmp_path):
    assert "Originals against rows" not in page_of(run, tmp_path)[0]
    file = RunFolder(run).run_file
    record = json.loads(file.read_text(encoding="utf-8"))
    shape = replace(SHAPE, traits={"label: Edema": TraitCount(40, 10)})
    record["counts"]["shape"] = asdict(shape)
    file.write_text(json.dumps(record), encoding="utf-8")
    page, _ = page_of(run, tmp_path)
    assert "Originals against rows" in page
    assert "40.0%" in page
    assert "<td>shifted</td>" in page


@pytest.mark.parametrize(("synthetic", "shown"), [(False, True), (True, False)])
def test_a_page_of_patients_says_that_it_must_not_be_shared(tmp_path, synthetic, shown):
    page, _ = page_of(write_run(tmp_path / "run", synthetic=synthetic), tmp_path)
    assert ("Derived from the source data set and under its terms" in page) == shown


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


def test_counts_and_reasons_are_on_the_page(run, tmp_path):
    text = " ".join(page_of(run, tmp_path)[1].text)
    for said in ("report-empty", "view-unknown", "recipient-mask-too-small", "pairs written"):
        assert said in text


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
    whole = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert whole.count("</script>") == whole.count("<script")
    assert "alert('x')" not in whole


def test_a_page_that_cannot_be_written_is_one_clear_error(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        write_gallery(run, tmp_path / "file" / "page.html")


def test_a_run_without_a_shard_has_a_page_too(tmp_path):
    run = write_run(tmp_path / "run", ([],), missing=2)
    assert "All 0 pairs" in page_of(run, tmp_path)[0]


@pytest.mark.parametrize("said", ["normal-host", ["normal-host", "identity"]])
def test_shards_without_a_row_name_the_pairing_as_earlier_and_later_versions_wrote_it(tmp_path, said):
    found = inspect(write_run(tmp_path / "run", ([],)))
    assert not found.strategies
    settings = {**found.settings, "plan": {**found.settings.get("plan", {}), "pairing": said}}
    shown = page._recipe(replace(found, settings=settings))
    assert (">normal-host<" if isinstance(said, str) else ">normal-host, identity<") in shown
