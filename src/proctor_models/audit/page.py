"""Pages an auditor keeps: one self-contained HTML file each, no script, no network, everything escaped."""

from __future__ import annotations

import base64
from importlib.resources import files
from pathlib import Path
from typing import Any

from proctor_models.audit.words import VALUES, WORDS
from proctor_models.files import write_text
from proctor_models.runtime.entries import EVIDENCE_FOLDER
from proctor_models.runtime.report import csp_hash
from proctor_models.runtime.session import clock_text

_TYPES = {".jpg": "image/jpeg", ".webp": "image/webp", ".png": "image/png"}


def render_page(template: str, **content: Any) -> str:
    """A page from a template of `pages/`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("proctor_models.audit", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (files("proctor_models.audit") / "pages" / "style.css").read_text(encoding="utf-8")
    policy = f"default-src 'none'; img-src data:; style-src {csp_hash(style)}; base-uri 'none'; form-action 'none'"
    environment.globals |= {"w": _words, "v": _value, "clock": clock_text, "style": style, "policy": policy}
    return environment.get_template(template).render(**content)


def write_page(out: Path, template: str, **content: Any) -> None:
    """Write a page, all of it or nothing."""
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, render_page(template, **content))


def data_uri(folder: Path, name: str) -> str | None:
    """A picture of an exam's evidence as the page holds it; None where it is not there.

    Only plain files of evidence/ are read: a name that leads elsewhere gives nothing.
    """
    path = folder / name
    kind = _TYPES.get(path.suffix)
    inside = path.parent == folder / EVIDENCE_FOLDER and not path.is_symlink()
    if kind is None or not inside or not path.is_file():
        return None
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _value(name: str) -> str:
    """A word of the data in both languages, with itself where that is another; what is unknown as it is.

    >>> _value("cheating"), _value("an_unknown_word")
    ('作弊条款 Cheating clause', 'an_unknown_word')
    """
    return " ".join(VALUES[name]) if name in VALUES else name


def _words(name: str) -> str:
    """A word of the page in both languages.

    >>> _words("finding")
    '发现 Finding'
    """
    zh, en = WORDS[name]
    return f"{zh} {en}"
