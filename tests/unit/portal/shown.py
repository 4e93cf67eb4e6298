"""What a page shows, read back from it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from streamlit.testing.v1 import AppTest

Row = dict[str, str]


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[Row]] = {}
        self._columns: list[str] = []
        self._cells: list[str] | None = None
        self._rows: list[Row] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "table":
            self._columns, self._rows = [], []
            self.found[str(known["data-table"])] = self._rows
        elif tag == "th":
            self._columns.append(str(known["data-column"]))
        elif tag == "tr":
            self._cells = []
        elif tag == "td" and self._cells is not None:
            self._cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self._cells:
            self._rows.append(dict(zip(self._columns, self._cells, strict=True)))

    def handle_data(self, data: str) -> None:
        if self._cells:
            self._cells[-1] += data


def tables_in(html: str) -> dict[str, list[Row]]:
    """Name of the table -> its rows by the keys of its columns."""
    parser = _Tables()
    parser.feed(html)
    return parser.found


def tables(shown: AppTest) -> dict[str, list[Row]]:
    """Every table of a page."""
    return {name: rows for body in _bodies(shown) for name, rows in tables_in(body).items()}


def _bodies(shown: AppTest) -> Iterator[str]:
    for element in shown.get("html"):
        yield element.proto.body


def texts(shown: AppTest) -> str:
    """Everything in words outside tables."""
    kinds = (shown.title, shown.header, shown.subheader, shown.markdown, shown.caption, shown.info, shown.success)
    return "\n".join(str(each.value) for kind in (*kinds, shown.warning, shown.error) for each in kind)
