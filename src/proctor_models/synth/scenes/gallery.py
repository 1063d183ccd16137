"""A page and a sheet to look at finished frames with their boxes."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import DataError
from proctor_models.files import write_bytes, write_text
from proctor_models.synth.scenes.lens import jpeg
from proctor_models.types import Image

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "person": (80, 200, 80), "face": (255, 220, 0), "face_masked": (0, 170, 255), "phone": (255, 40, 40),
    "earphone": (255, 0, 220), "book_paper": (255, 140, 0), "laptop": (170, 170, 170), "screen": (120, 160, 200),
    "remote": (160, 80, 255), "mouse": (150, 150, 90), "keyboard": (110, 110, 150), "cup": (0, 200, 170),
    "bottle": (0, 150, 110),
}  # fmt: skip
"""Red, green, blue by class."""
SLICES = (
    "view", "activity", "light", "room_kind", "camera", "monk_tone", "sex", "age", "hair", "glasses", "headwear",
    "ears_seen", "earphones", "mask", "distance", "angle",
)  # fmt: skip
SHEET_COLUMNS, SHEET_ROWS = 8, 5
CELL_WH = (240, 180)


def write_gallery(folder: Path, records: Sequence[dict[str, Any]]) -> None:
    """Write ``gallery.html`` and ``contact.jpg`` beside ``images/``."""
    write_text(folder / "gallery.html", page(records))
    write_bytes(folder / "contact.jpg", jpeg(contact_sheet(folder, records), 88))


def counts(records: Iterable[dict[str, Any]]) -> dict[str, Counter[str]]:
    """How often each class and each value of each slice occurs.

    >>> record = {"labels": [{"label": "phone"}], "view": "first", "activity": "typing", "tags": {"light": "day"}}
    >>> counts([record, record])["class"]
    Counter({'phone': 2})
    """
    found: dict[str, Counter[str]] = {"class": Counter()}
    for made in records:
        found["class"].update(label["label"] for label in made["labels"])
        known = made["tags"] | {"view": made["view"], "activity": made["activity"]}
        for name in SLICES:
            if name in known:
                found.setdefault(name, Counter())[known[name]] += 1
    return found


def contact_sheet(folder: Path, records: Sequence[dict[str, Any]], first: int = 0) -> Image:
    """Forty frames with their boxes, spread over the data set, or from frame `first` on."""
    many = SHEET_COLUMNS * SHEET_ROWS
    spread = np.linspace(0, len(records) - 1, min(many, len(records))).round().astype(int).tolist()
    chosen = [records[i] for i in spread] if not first else list(records[first : first + many])
    width, height = CELL_WH
    sheet: Image = np.full((SHEET_ROWS * height, SHEET_COLUMNS * width, 3), 24, np.uint8)
    for number, made in enumerate(chosen):
        row, column = divmod(number, SHEET_COLUMNS)
        cell = _cell(_read(folder / "images" / f"{made['name']}.jpg"), made)
        y, x = row * height + (height - cell.shape[0]) // 2, column * width + (width - cell.shape[1]) // 2
        sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
        words = f"{made['index']} {made['activity']}"
        for colour, thick in (((0, 0, 0), 2), ((255, 255, 255), 1)):
            at = (column * width + 4, (row + 1) * height - 5)
            cv2.putText(sheet, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, thick, cv2.LINE_AA)
    return sheet


def _read(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise DataError(f"{path}: expected a picture, got none that can be read; make the frames again")
    return np.asarray(image, np.uint8)


def _cell(image: Image, made: dict[str, Any]) -> Image:
    scale = min(CELL_WH[0] / image.shape[1], CELL_WH[1] / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for label in made["labels"]:
        x0, y0, x1, y1 = (round(v * scale) for v in label["xyxy"])
        colour = COLOURS[label["label"]][::-1]
        cv2.rectangle(small, (x0, y0), (max(x1 - 1, x0), max(y1 - 1, y0)), colour, 1, cv2.LINE_AA)
    return np.asarray(small[: CELL_WH[1], : CELL_WH[0]], np.uint8)


def page(records: Sequence[dict[str, Any]]) -> str:
    """The gallery: frames with boxes that can be hidden, filters, and counts. It loads nothing but its images."""
    found = counts(records)
    tables = "".join(_table(name, counter) for name, counter in found.items())
    choices = "".join(_choice(name, found[name]) for name in ("view", "activity", "light", "distance") if name in found)
    classes = _select("holds", "class", found["class"])
    figures = "".join(_figure(made) for made in records)
    style = "".join(f".{name}{{stroke:rgb{colour}}}" for name, colour in COLOURS.items())
    return (
        "<!doctype html><meta charset=utf-8><title>proctor synth</title><style>" + _STYLE + style + "</style>"
        f"<h1>{len(records)} frames</h1><details><summary>counts</summary><div class=tables>{tables}</div></details>"
        f"<p class=bar><label><input type=checkbox id=boxes checked> boxes</label>{choices}{classes}"
        "<span id=shown></span></p><main>" + figures + "</main><script>" + _SCRIPT + "</script>\n"
    )


def _table(name: str, counter: Counter[str]) -> str:
    order = counter.most_common() if name in ("class", "activity") else sorted(counter.items())
    rows = "".join(f"<tr><td>{html.escape(word)}<td>{count}" for word, count in order)
    return f"<table><caption>{name.replace('_', ' ')}</caption>{rows}</table>"


def _choice(name: str, counter: Counter[str]) -> str:
    return _select(name, name, counter)


def _select(name: str, words: str, counter: Counter[str]) -> str:
    options = "".join(f"<option>{html.escape(word)}</option>" for word in sorted(counter))
    return f"<label>{words} <select name={name}><option value=''>all</option>{options}</select></label>"


def _figure(made: dict[str, Any]) -> str:
    width, height = made["resolution_wh"]
    boxes = "".join(_box(label) for label in made["labels"])
    tags = made["tags"] | {"activity": made["activity"], "view": made["view"]}
    holds = " ".join(sorted({label["label"] for label in made["labels"]}))
    data = "".join(f' data-{k}="{html.escape(tags.get(k, ""))}"' for k in ("view", "activity", "light", "distance"))
    told = html.escape(json.dumps(tags, ensure_ascii=False)[1:-1].replace('"', ""))
    return (
        f'<figure{data} data-holds="{holds}"><div><img loading=lazy src="images/{made["name"]}.jpg" '
        f'width={width} height={height} alt=""><svg viewBox="0 0 {width} {height}">{boxes}</svg></div>'
        f'<figcaption title="{told}">{made["index"]} {html.escape(made["activity"])}</figcaption></figure>'
    )


def _box(label: dict[str, Any]) -> str:
    x0, y0, x1, y1 = label["xyxy"]
    told = html.escape(
        f"{label['label']} {label['pixels']} px, {label['share']:.0%} visible {label['attributes'] or ''}"
    )
    return f"<rect class={label['label']} x={x0} y={y0} width={x1 - x0} height={y1 - y0}><title>{told}</title></rect>"


_STYLE = (
    "body{font:14px system-ui;margin:1em;background:#181818;color:#ddd}h1{font-size:1.2em}"
    ".tables{display:flex;flex-wrap:wrap;gap:1.5em}caption{font-weight:600;text-align:left}td+td{text-align:right;"
    "padding-left:1em}.bar{position:sticky;top:0;background:#181818;padding:.5em 0;display:flex;gap:1em;flex-wrap:wrap;"
    "z-index:1}main{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:10px}figure{margin:0}"
    "figure div{position:relative}img{width:100%;height:auto;display:block}svg{position:absolute;inset:0;width:100%}"
    "rect{fill:transparent;stroke-width:2;vector-effect:non-scaling-stroke}.plain svg{display:none}"
    "figcaption{font-size:12px;color:#999}[hidden]{display:none}"
)
_SCRIPT = (
    "const all=[...document.querySelectorAll('figure')],pick=[...document.querySelectorAll('select')];"
    "const show=()=>{let n=0;for(const f of all){const ok=pick.every(s=>!s.value||(s.name==='holds'?"
    "f.dataset.holds.split(' ').includes(s.value):f.dataset[s.name]===s.value));f.hidden=!ok;n+=ok}"
    "document.getElementById('shown').textContent=n+' shown'};pick.forEach(s=>s.onchange=show);show();"
    "document.getElementById('boxes').onchange=e=>document.body.classList.toggle('plain',!e.target.checked);"
)
