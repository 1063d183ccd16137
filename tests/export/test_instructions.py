"""Instructions for use: every heading of the law, every one filled, nothing left of a template."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from proctor_models.errors import PackError
from proctor_models.export.contents import Contents
from proctor_models.export.instructions import check_filled, instructions
from proctor_models.export.markdown import page
from stages import recipe

# Regulation (EU) 2024/1689: Article 13(3) (a) to (f) with (b)(i) to (vii), then Annex IV, 1 to 9.
ARTICLE_13 = ["(a)", "(b)", "(i)", "(ii)", "(iii)", "(iv)", "(v)", "(vi)", "(vii)", "(c)", "(d)", "(e)", "(f)"]
ANNEX_IV = [f"{number}." for number in range(1, 10)]


def sections(sheet: str) -> dict[str, str]:
    """Heading to all words up to the next one."""
    parts = re.split(r"^#+ (.+)$", sheet, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


class Page(HTMLParser):
    """Collects headings and what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href")]


def test_instructions__have_the_headings_of_the_law_in_both_languages(contents: Contents) -> None:
    found = list(sections(instructions(contents)))
    firsts = [heading.split()[0] for heading in found if "·" in heading and not heading.startswith("Part")]
    assert firsts == [*ARTICLE_13, *ANNEX_IV]
    assert all(re.search(r"[\u4e00-\u9fff]", heading) for heading in found if "·" in heading)


def test_instructions__no_heading_is_empty_and_nothing_is_left_over(contents: Contents) -> None:
    sheet = instructions(contents)
    for heading, words in sections(sheet).items():
        if "·" in heading and not heading.startswith("Part"):
            assert len(words.split()) >= 8, heading
    assert not re.search(r"\{\{|\{%|TODO|TBD|\bNone\b|\bnan\b|  ,|\(\)|``", sheet)


def test_instructions__say_what_the_run_said(contents: Contents) -> None:
    sheet = instructions(contents)
    for words in (
        contents.nets["scene"].sha256,
        contents.nets["head"].spec.data_version,
        "| phone | 0.50 | 1 | 1 | - | 1.000 (0.025-1.000) |",
        "| made | MIT | 4 |",
        "phone: 1 val frames show it, of only 1 people or recordings.",
        "the smallest recall is 0.000 (seat_absence, val frames)",
        "`remote-exam`, Remote written exam",
        "never a verdict",
    ):
        assert words in sheet


def test_instructions__other_figures_other_words(contents: Contents) -> None:
    stated = replace(contents, recipe=recipe(provider="Exam Board | <b>1 Road</b>"))
    sheet = instructions(stated)
    assert "Exam Board \\| \\<b\\>1 Road" in sheet
    assert "Nobody is named" not in sheet
    assert "&lt;b&gt;1 Road" in page(sheet, "x")
    silent = {
        split: {name: row | {"recall": None} for name, row in rows.items()}
        for split, rows in contents.measured.metrics.items()
    }
    sheet = instructions(replace(contents, measured=replace(contents.measured, metrics=silent)))
    assert "the smallest recall is not known, for the val frames do not show it" in sheet


def test_instructions__groups_that_differ(contents: Contents) -> None:
    row = {"split": "val", "detector": "mask", "slice": "skin_tone", "positives": 9}
    rows = [row | {"value": "dark", "recall": 0.5}, row | {"value": "light", "recall": 0.75}]
    sheet = instructions(replace(contents, measured=replace(contents.measured, slices=rows)))
    assert "| mask | val | skin tone | dark: 0.500 (9 frames) | light: 0.750 (9 frames) |" in sheet
    assert "differences between groups are not known" in instructions(contents)


def test_instructions__with_targets(contents: Contents) -> None:
    row = {"detector": "phone", "figure": "recall", "sense": "at least", "target": 0.9, "value": 0.764, "low": 0.679}
    rows = [
        row | {"high": 0.84, "verdict": "missed"},
        row | {"value": None, "low": None, "high": None, "verdict": "cannot say"},
    ]
    sheet = instructions(replace(contents, targets={"targets": rows}))
    assert "0 of 1 figures meet theirs" in sheet
    assert "| phone | recall | at least 0.9 | 0.764 (0.679-0.840) | missed |" in sheet
    assert "| phone | recall | at least 0.9 | - | cannot say |" in sheet


def test_instructions__a_field_the_run_does_not_say_is_refused(contents: Contents) -> None:
    with pytest.raises(PackError, match="expected something for every field, got nothing"):
        instructions(replace(contents, rules={"x": {"title": {"en": "", "zh": "考"}, "rules": []}}))


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("# A\n\n## B\n\n## C\n\nwords\n", "'B': expected words below the heading"),
        ("# A\n\nwords\n\n## B\n", "'B': expected words below the heading"),
        ("# A\n\n{{ provider }}\n", "expected a filled sheet, got '{{'"),
        ("# A\n\nThe provider is TBD.\n", "expected a filled sheet, got 'TBD'"),
        ("# A\n\nMeasured: None\n", "expected a filled sheet, got 'None'"),
    ],
)
def test_check_filled__refusals(sheet: str, message: str) -> None:
    with pytest.raises(PackError, match=message):
        check_filled(sheet)


def test_check_filled__headings_that_need_no_words() -> None:
    check_filled("# A\n# its translation\n\nwords\n\n## B\n\n### C\n\nwords\n")


def test_page__in_a_pack_asks_for_nothing_from_elsewhere(packed: Path) -> None:
    text = (packed / "instructions.html").read_text(encoding="utf-8")
    parser = Page()
    parser.feed(text)
    assert parser.fetched == []
    assert "script" not in parser.tags
    assert {"h1", "h2", "h3", "table"} <= set(parser.tags)
    assert json.loads((packed / "manifest.json").read_text())["instructions"] == "instructions.md"
