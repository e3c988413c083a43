"""Outline of a page or a cell of a notebook: its tags, attributes and text."""

from __future__ import annotations

import html.parser

VOID = {"meta", "img", "br", "link"}


class Outline(html.parser.HTMLParser):
    """Tags, attributes and text of HTML, without styles; raises where tags do not match."""

    def __init__(self, piece):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(piece)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data.replace("\u00a0", " "))

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def names(self):
        return [tag for tag, _ in self.tags]
