"""XML from strangers: parsed whole, with the line of every element, and nothing in it that could expand or fetch.

Document types and with them entities are refused, so a file of a kilobyte cannot become a gigabyte nor name a file of
this machine; so are processing instructions, great depth and great size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from proctor_models.errors import DataError

MAX_BYTES = 1 << 30
MAX_DEPTH = 32


@dataclass
class Element:
    """One element: its name, attributes, text, children, and the line it begins on."""

    tag: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def every(self, tag: str) -> Iterator[Element]:
        """Children of that name."""
        return (child for child in self.children if child.tag == tag)

    def first(self, *path: str) -> Element | None:
        """The first element down a path of names."""
        element: Element | None = self
        for tag in path:
            element = next(element.every(tag), None) if element else None
        return element

    def said(self, *path: str) -> str:
        """The text down a path of names, "" where there is none."""
        found = self.first(*path)
        return found.text.strip() if found else ""


class _Builder:
    """Expat's events as a tree."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[Element] = []
        self.root: Element | None = None
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        parser.ProcessingInstructionHandler = self._instruction

    def _refuse(self, what: str) -> DataError:
        return DataError(
            f"{self._path}:{self.parser.CurrentLineNumber}: expected elements only, got {what}; "
            "labelling tools write none: export the labels again and do not use this file"
        )

    def _doctype(self, *_: object) -> None:
        raise self._refuse("a document type")

    def _entity(self, *_: object) -> int:
        raise self._refuse("an entity")

    def _instruction(self, *_: object) -> None:
        raise self._refuse("a processing instruction")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse(f"more than {MAX_DEPTH} nested elements")
        element = Element(tag, self.parser.CurrentLineNumber, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text


def read_xml(path: Path) -> Element:
    """The root element of an XML file.

    Raises:
        DataError: no such file, too large, not well-formed (cut off, for example), or with anything that could expand
            or fetch; the message names file and line.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(f"{path}: expected at most {MAX_BYTES} bytes, got {size}; export fewer frames at once")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a file of labels, got {error.strerror}; see `annotations`") from None
    builder = _Builder(path)
    try:
        builder.parser.Parse(content, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise DataError(
            f"{path}:{error.lineno}: expected whole XML, got an error at column {error.offset} ({what}); "
            "the file is cut off or was edited by hand: export the labels again"
        ) from None
    if builder.root is None:
        raise DataError(f"{path}:1: expected an element, got none; export the labels again")
    return builder.root
