"""Instructions for use and technical documentation, with the headings of the EU AI Act, filled from the run.

Regulation (EU) 2024/1689, Article 13(3) and Annex IV. The words are templates (templates/*.md.j2) in Markdown; the page
is made from the same text. A heading without content, or words left over from a template, make no pack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from proctor_models.errors import PackError
from proctor_models.export.contents import Contents
from proctor_models.export.instructions_facts import facts

SHEET, PAGE = "instructions.md", "instructions.html"
_HEADING = re.compile(r"^(#+) +(.+)$", re.MULTILINE)
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|\b(?:TODO|TBD|FIXME|XXX|None|nan)\b|[Ll]orem ipsum")


def instructions(contents: Contents) -> str:
    """The whole sheet, Markdown.

    Raises:
        PackError: a heading has no content, or words of a template are left over.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701  this is Markdown; the page is made by a parser that takes no HTML
        loader=PackageLoader("proctor_models.export", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_filled,
    )
    text = environment.get_template("instructions.md.j2").render(facts(contents))
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    check_filled(text)
    return text


def check_filled(sheet: str) -> None:
    r"""Refuse a sheet with an empty heading or words of a template left over.

    >>> check_filled("# A\n\n## B\n\nSomething.\n")
    >>> check_filled("# A\n\n## B\n\n# C\n\nSomething.\n")
    Traceback (most recent call last):
    proctor_models.errors.PackError: instructions.md: 'B': expected words below the heading, got none; mend the template

    Raises:
        PackError: names the heading, or the words.
    """
    left = _LEFT_OVER.search(sheet)
    if left:
        around = sheet[max(0, left.start() - 40) : left.end() + 20].replace("\n", " ")
        raise PackError(f"{SHEET}: expected a filled sheet, got {left[0]!r} in {around!r}; mend the template")
    headings = list(_HEADING.finditer(sheet))
    for this, following in zip(headings, [*headings[1:], None], strict=True):
        below = sheet[this.end() : following.start() if following else len(sheet)].strip()
        has_parts = following is not None and len(following[1]) >= len(this[1]) and _goes_on(this, following)
        if not below and not has_parts:
            raise PackError(f"{SHEET}: {this[2]!r}: expected words below the heading, got none; mend the template")


def _goes_on(this: re.Match[str], following: re.Match[str]) -> bool:
    """Whether a heading may have no words of its own: headings of lower rank follow, or its translation does."""
    translated = len(following[1]) == len(this[1]) and this.end() + 1 == following.start()
    return len(following[1]) > len(this[1]) or translated


def _filled(value: Any) -> Any:
    """What a template is given must be there.

    Raises:
        PackError: it is None or empty.
    """
    if value is None or value == "" or (isinstance(value, Mapping) and not value):
        raise PackError(f"{SHEET}: expected something for every field, got nothing for one; the run does not say it")
    return value
