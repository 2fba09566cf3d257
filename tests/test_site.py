"""The docs as a site: built without a warning, read without a network."""

import inspect
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

import medcutmix_cli
from medcutmix_cli import loader
from tests.docs import ROOT

OUTSIDE = re.compile(r"^(?:[a-z]+:)?//", flags=re.IGNORECASE)
LOADED = {
    ("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data"),
}  # fmt: skip
"""What a browser fetches by itself, as tag and attribute."""

NAVIGATION = (
    "start", "install", "own-data", "data-sets", "encoders", "strategies", "weights", "targets", "cluster", "export",
    "reasons", "schema", "settings", "python", "api", "limits", "questions", "faq",
)  # fmt: skip


class Tags(HTMLParser):
    """Collects what a page loads, what it names and what it points to."""

    def __init__(self):
        super().__init__()
        self.loaded, self.ids, self.links = [], set(), []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.loaded += [told[name] for kind, name in LOADED if kind == tag and told.get(name)]
        self.ids |= {told["id"]} if told.get("id") else set()
        self.links += [told["href"]] if tag == "a" and told.get("href") else []


def tags(page):
    found = Tags()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def build(source, out):
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--quiet",
        "-c",
        "docs",
        "-d",
        out / "trees",
    ]
    return subprocess.run([*command, ".", out / "html"], cwd=source, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build it once."""
    pytest.importorskip("sphinx")
    out = tmp_path_factory.mktemp("site")
    done = build(ROOT, out)
    assert done.returncode == 0, done.stderr
    return out / "html"


@pytest.fixture(scope="module")
def pages(site):
    return {page.relative_to(site): tags(page) for page in sorted(site.rglob("*.html"))}


def test_no_page_asks_the_network_for_anything(site, pages):
    assert len(pages) > 40
    assert {
        page: asked for page, told in pages.items() if (asked := list(filter(OUTSIDE.match, told.loaded)))
    } == {}
    sheets = sorted(site.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        assert not re.search(r"url\(['\"]?(?:https?:)?//|@import", sheet.read_text(encoding="utf-8")), sheet


def test_every_link_within_the_site_leads_to_a_place_on_a_page(site, pages):
    dead = []
    for page, told in pages.items():
        for link in told.links:
            if OUTSIDE.match(link) or link.startswith("mailto:"):
                continue
            path, _, place = link.partition("#")
            target = (site / page.parent / path).resolve() if path else site / page
            known = pages.get(target.relative_to(site)) if target.suffix == ".html" else None
            if not target.exists() or (place and known is not None and place not in known.ids):
                dead.append((str(page), link))
    assert dead == []


def test_the_first_page_leads_to_the_pages_in_their_order(site):
    first = (site / "index.html").read_text(encoding="utf-8")
    (target,) = re.findall(r"url=([^\"]+)", first)
    assert (site / target).is_file()
    listed = re.findall(r'href="([\w-]+)\.html"', (site / target).read_text(encoding="utf-8"))
    assert set(NAVIGATION) <= set(listed)


def test_every_page_of_the_docs_is_in_the_navigation(site):
    """Sphinx warns of a page that is left out, but not of one that says `orphan`."""
    index = tags(site / "docs" / "index.html")
    listed = {link.partition("#")[0] for link in index.links}
    sources = {page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")}
    assert {str(page.with_suffix(".html")) for page in sources} - listed - {"index.html"} == set()


def test_every_public_name_is_on_the_page_of_the_api_with_its_options(pages):
    (api,) = [told for page, told in pages.items() if page.name == "api.html"]
    names = {f"medcutmix_cli.{name}" for name in medcutmix_cli.__all__ if not name.startswith("_")}
    names |= {
        f"medcutmix_cli.loader.{name}"
        for name in loader.__all__
        if inspect.isroutine(getattr(loader, name)) or inspect.isclass(getattr(loader, name))
    }
    assert names - api.ids == set()


@pytest.mark.parametrize(
    ("written", "said"),
    [("[gone](gone.md)", "gone.md"), ("[gone](start.md#no-such-place)", "no-such-place")],
    ids=["page", "place"],
)
def test_a_dead_link_ends_the_build(tmp_path, written, said):
    pytest.importorskip("sphinx")
    docs = tmp_path / "docs"
    docs.mkdir()
    config = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    (docs / "conf.py").write_text(config.replace('html_extra_path = ["site"]', 'html_theme = "basic"'))
    (docs / "index.md").write_text(f"# Index\n\n{written}\n\n```{{toctree}}\nstart\n```\n")
    (docs / "start.md").write_text("# Start\n")
    done = build(tmp_path, tmp_path / "out")
    assert done.returncode != 0
    assert said in done.stderr
