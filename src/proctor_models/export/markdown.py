"""Words from outside inside Markdown, and Markdown as a page."""

from __future__ import annotations

import html
import re

_ESCAPED = re.compile(r"([\\`*\[\]<>|#])")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.5rem;margin-top:2.5rem}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}th,td{border:1px solid #bbb;padding:.2rem .5rem;"
    "text-align:left;vertical-align:top}code{overflow-wrap:anywhere}"
    "@media print{body{max-width:none;margin:0}h2{break-after:avoid}}"
)


def plain(text: str) -> str:
    r"""Text as it is, whatever Markdown would make of its signs.

    >>> plain("a|b\n<i>"), plain("book_paper")
    ('a\\|b \\<i\\>', 'book_paper')
    """
    return _ESCAPED.sub(r"\\\1", " ".join(text.split()))


def page(sheet: str, title: str) -> str:
    """A Markdown sheet as one HTML file that asks for nothing from elsewhere; HTML in the sheet stays text."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(sheet)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n{body}</body>\n</html>\n"
    )
