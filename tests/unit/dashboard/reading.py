"""A page as somebody reads it: its words, its links by what they say, its tables by their heads."""

import re
from html.parser import HTMLParser


def read(answer):
    """The page of an answer that is one."""
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


class Page(HTMLParser):
    """`links`: words → address. `rows`: of every table, texts of its cells. `heads`: of every column."""

    VOID = frozenset({"meta", "link", "img", "input", "br"})

    def __init__(self, text):
        super().__init__()
        self.links, self.heads, self.rows, self.words = {}, [], [], ""
        self._open, self._parts = [], {}
        self.feed(text)
        assert self._open == [], "a tag was not closed"
        self.words = plain(self.words)

    def cells(self, name):
        """By their days, what stands in all rows of a campaign."""
        found, columns = {}, [head.removesuffix(" (today)") for head in self.heads]
        weeks = [columns[n : n + 8] for n in range(0, len(columns), 8)]
        mine = [row for row in self.rows if row and row[0].split()[0] == name]
        for days, row in zip(weeks, mine, strict=True):
            found |= {day: cell.removeprefix(day).strip() for day, cell in zip(days[1:], row[1:], strict=True)}
        return found

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in self.VOID:
            return
        self._open.append((tag, dict(attrs)))
        self._parts[len(self._open)] = ""

    def handle_endtag(self, tag):
        opened, attrs = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"
        text = plain(self._parts.pop(len(self._open) + 1))
        if tag == "a":
            self.links[text] = attrs["href"]
        if tag == "th" and attrs.get("scope") == "col":
            self.heads.append(text)
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append(text)

    def handle_data(self, data):
        self.words += data
        for depth in self._parts:
            self._parts[depth] += data


def plain(text):
    return re.sub(r"\s+", " ", text).strip()
