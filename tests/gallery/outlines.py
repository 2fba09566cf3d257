"""Pages of a gallery, and what they are made of."""

import json
import re
from html.parser import HTMLParser

from medcutmix_cli.gallery import write_gallery

DATA = re.compile(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', re.DOTALL)
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
    """Write a page of one file; return it with its articles, as they are when opened, and the outline of both."""
    target = folder / "page.html"
    write_gallery(run, target, self_contained=True, **options)
    page = target.read_text(encoding="utf-8")
    outline = Outline()
    shown = DATA.sub("", page).partition("<script>")[0] + "".join(articles_of(page))
    outline.feed(shown)
    assert [tag for tag in outline.open if tag not in ("html", "body")] == []
    return shown, outline


def blocks_of(page):
    """Return what a page of one file holds for its script, by name."""
    return {name: json.loads(text) for name, text in DATA.findall(page)}


def articles_of(page):
    blocks = blocks_of(page)
    return [html for name in blocks if name.startswith("pairs-") for html in blocks[name].values()]
