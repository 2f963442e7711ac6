"""A page taken apart: headings, ids, landmarks, addresses, sections."""

import re
from html.parser import HTMLParser


class Outline(HTMLParser):
    """Headings, ids, landmarks and addresses of a page; complains about tags left open."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.headings, self.ids, self.addresses, self.scripts = [], [], [], [], 0
        self.landmarks = set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.addresses += [given[name] for name in ("src", "href", "xlink:href", "action") if name in given]
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        self.landmarks |= {tag} & {"header", "nav", "main", "footer"}
        self.scripts += tag == "script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element at {self.getpos()}"


def outline(page):
    found = Outline()
    found.feed(page)
    assert found.open == []
    return found


def section(page, name):
    """The part of the page with one section."""
    return page.split(f'<section id="{name}"')[1].split("</section>")[0]
