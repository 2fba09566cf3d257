"""Ids, paths and reports that would steer a terminal or a page, through every command that shows a run or data set."""

import json
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.folder import RunFolder
from tests.calls import medcutmix
from tests.hostile_text import ALL, WORST, steers
from tests.run_folders import make_row, write_run
from tests.trees import write_manifest

TEXTS = [column.name for column in COLUMNS if column.type == pa.string()]


def run_with(folder, **changes):
    """Write a run whose rows say this."""
    return write_run(folder / "run", ([make_row(0, **changes), make_row(1, **changes)],))


def shown(capfd, *arguments):
    """Return what a command prints, and leave none of it that steers."""
    capfd.readouterr()
    medcutmix(*arguments)
    said = capfd.readouterr()
    assert not steers(said.out + said.err), arguments
    assert "unexpected" not in said.err, said.err
    return said.out


class _Tags(HTMLParser):
    """Collects the tags of a page with the names of their attributes."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *sorted(name for name, _ in attrs)))


def tags(page):
    parser = _Tags()
    parser.feed(page)
    parser.close()
    return parser.tags


def kinds(page):
    return {tag for tag, *_ in tags(page)}, {name for _, *names in tags(page) for name in names}


def test_there_are_texts_to_try():
    assert {"pair_id", "report", "study_id_a", "image_path_b", "finding"} <= set(TEXTS)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """Return tags and attributes of a page of harmless rows."""
    folder = tmp_path_factory.mktemp("usual")
    assert medcutmix("inspect", run_with(folder), "--html", folder / "page.html") == 0
    return kinds((folder / "page.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("column", TEXTS)
def test_whatever_a_text_of_a_row_holds_is_shown_harmlessly(tmp_path, capfd, usual, column):
    run, page = run_with(tmp_path, **{column: WORST}), tmp_path / "page.html"
    for command in (("inspect", run), ("inspect", run, "--json"), ("verify", run)):
        shown(capfd, *command)
    shown(capfd, "inspect", run, "--html", page)
    if not page.exists():
        return  # refused by name
    text = page.read_text(encoding="utf-8")
    assert not steers(text)
    tag_names, attributes = kinds(text)
    assert tag_names - usual[0] <= {"mark"}
    assert attributes - usual[1] <= {"title"}


@pytest.mark.parametrize("hostile", ALL)
def test_a_run_record_that_somebody_edited_is_shown_harmlessly(tmp_path, capfd, usual, hostile):
    run = run_with(tmp_path)
    file = RunFolder(run).run_file
    record = json.loads(file.read_text(encoding="utf-8"))
    record["encoder"] |= {"name": hostile, "licence": hostile, "note": hostile}
    record["counts"]["dropped"] = {hostile: 0}
    record["origins"] = {"plan.seed": hostile}
    record["fingerprint"] = hostile
    file.write_text(json.dumps(record), encoding="utf-8")
    for command in (("inspect", run), ("inspect", run, "--json"), ("status", run, "-v"), ("verify", run)):
        shown(capfd, *command)
    shown(capfd, "inspect", run, "--html", tmp_path / "page.html")
    if (tmp_path / "page.html").exists():
        tag_names, attributes = kinds((tmp_path / "page.html").read_text("utf-8"))
        assert tag_names <= usual[0]
        assert attributes <= usual[1]


CELLS = ("study", "subject", "view", "split", "image", "report")


@pytest.mark.parametrize(
    ("column", "hostile"), [*((column, WORST) for column in CELLS), *(("study", one) for one in ALL)]
)
def test_a_data_set_of_hostile_cells_is_checked_harmlessly(tmp_path, capfd, column, hostile):
    folder = write_manifest(tmp_path / "set", studies=2, **{column: hostile})
    shown(capfd, "check", folder)
    shown(capfd, "check", folder, "--json")


@pytest.mark.parametrize("hostile", [*ALL, WORST])
def test_an_argument_that_steers_is_refused_harmlessly(tmp_path, capfd, hostile):
    for command in ("status", "inspect", "check", "read", "reasons", hostile):
        shown(capfd, command, f"x{hostile}")
    shown(capfd, "plan", tmp_path, tmp_path / "out", f"--{hostile}")


def test_all_columns_of_text_are_tried():
    assert len(TEXTS) >= len(COLUMNS) // 4
