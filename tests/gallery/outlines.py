"""Pages of a gallery, and what they are made of."""

from html.parser import HTMLParser

from medcutmix_cli.gallery import write_gallery

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
