"""CVAT's XML: what is read of images and of tracks, and what is refused by file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data_clips import record, spoil
from proctor_models.data.ingest import ingest
from proctor_models.errors import DataError

META = """<meta><task><name>t</name><start_frame>0</start_frame><stop_frame>{stop}</stop_frame>
<frame_filter>{filter}</frame_filter><labels>
<label><name>person</name></label>
<label><name>cell phone</name></label>
<label><name>earphone</name><attributes>
<attribute><name>kind</name><input_type>select</input_type></attribute>
<attribute><name>worn</name><input_type>checkbox</input_type></attribute>
<attribute><name>size</name><input_type>number</input_type></attribute>
<attribute><name>score</name><input_type>number</input_type></attribute>
</attributes></label>{labels}
</labels>{more}</task></meta>"""
CHECKED = "<label><name>checked</name><type>tag</type></label>"
BOX = (
    '<box label="person" source="manual" occluded="0" xtl="4.00" ytl="5.00" xbr="40.00" ybr="44.00" z_order="0"></box>'
)


class Cvat:
    """A folder of images with annotations.xml in the making."""

    def __init__(self, path: Path, picture: Callable[..., Path]) -> None:
        self.path = path
        self.picture = picture
        self.body = ""
        self.labels = self.more = self.filter = ""
        self.stop = 29

    def add(self, name: str, inner: str = BOX, *, size: str = 'width="64" height="48"', there: bool = True) -> None:
        if there:
            self.picture(self.path / "images" / name, len(self.body))
        self.body += f'<image id="0" name="{name}" {size}>\n{inner}\n</image>\n'

    def save(self, text: str | None = None) -> Path:
        meta = META.format(labels=self.labels, more=self.more, filter=self.filter, stop=self.stop)
        head = '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        whole = f"{head}{meta}\n{self.body}</annotations>"
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "annotations.xml").write_text(whole if text is None else text)
        return self.path


@pytest.fixture
def cvat(tmp_path: Path, picture: Callable[..., Path]) -> Cvat:
    return Cvat(tmp_path / "source", picture)


@pytest.fixture
def read(cvat: Cvat, recipe: Callable, tmp_path: Path) -> Callable:
    def run(text: str | None = None, **keys: object):
        source = {"name": "c", "format": "cvat", "path": str(cvat.save(text)), "licence": "own"}
        source |= {"classes": {"cell phone": "phone"}, "labelled": "all", **keys}
        return ingest(recipe({k: v for k, v in source.items() if v is not None}), tmp_path / "raw")

    return run


def test_ingest__cvat_boxes_with_attributes(cvat: Cvat, read: Callable) -> None:
    attributes = {"kind": "earbud", "worn": "true", "size": "3", "score": "0.81", "note": ""}
    inner = "".join(f'<attribute name="{name}">{text}</attribute>' for name, text in attributes.items())
    ear = f'<box label="earphone" source="manual" xtl="1" ytl="2" xbr="3.5" ybr="4">{inner}</box>'
    cvat.add("desk/a.png", BOX + ear)
    cvat.add("desk/b.png", "")
    a, b = read(person="P1", view="first")
    assert [(box.label, box.xyxy) for box in a.boxes] == [("person", (4, 5, 40, 44)), ("earphone", (1, 2, 3.5, 4))]
    assert a.boxes[1].attributes == {"kind": "earbud", "worn": True, "size": 3.0}
    assert (a.id, a.person, a.view, a.labelled) == ("c/desk/a", "P1", "first", ("person", "phone", "earphone"))
    assert (b.boxes, b.labelled) == ((), a.labelled)


def test_ingest__cvat_frames_of_a_clip_know_their_time(cvat: Cvat, read: Callable) -> None:
    cvat.add("mon/000001500ms.png")
    (frame,) = read(persons={"mon": "P7"}, labelled=["phone"])
    assert (frame.clip, frame.time_s, frame.person, frame.labelled) == ("mon", 1.5, "P7", ("phone",))


def test_ingest__cvat_a_projects_images_lie_in_a_folder_a_subset(cvat: Cvat, read: Callable) -> None:
    cvat.picture(cvat.path / "images/train/a.png", 3)
    cvat.add("a.png", size='width="64" height="48" subset="train"', there=False)
    assert [frame.id for frame in read()] == ["c/a"]


def test_ingest__cvat_frames_count_once_they_are_checked(
    cvat: Cvat, read: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    cvat.labels = CHECKED
    guess = BOX.replace("manual", "auto")
    cvat.add("a.png", guess)
    with pytest.raises(DataError, match=r"tag 'checked': expected on every frame .* got it on none of 1; correct"):
        read()
    cvat.add("b.png", guess + '<tag label="checked" source="manual"></tag>')
    (frame,) = read()
    assert (frame.id, len(frame.boxes)) == ("c/b", 1)
    assert "1 frames without the tag 'checked' left out" in capfd.readouterr().err
    assert len(read(confirmed=True)) == 2


@pytest.mark.parametrize("origin", ["auto", "file"])
def test_ingest__cvat_boxes_nobody_drew_are_refused_unless_confirmed(cvat: Cvat, read: Callable, origin: str) -> None:
    cvat.add("a.png", BOX.replace("manual", origin))
    with pytest.raises(DataError, match=rf"annotations\.xml:14: source: expected boxes drawn .* got '{origin}' on 1"):
        read()
    assert len(read(confirmed=True).frames[0].boxes) == 1


def box(**changes: str) -> str:
    """The good box with attributes changed; None removes one."""
    text = BOX
    for key, value in changes.items():
        start = text.find(f' {key}="')
        end = text.find('"', text.find('"', start) + 1) + 1 if start >= 0 else 0
        text = (
            text[:start] + f' {key}="{value}"' + text[end:]
            if start >= 0
            else text.replace("<box", f'<box {key}="{value}"')
        )
    return text


REFUSED = {
    "box outside": (box(xbr="80"), r":14: box of image 'a\.png': box: expected inside the image of 64 x 48 px"),
    "box without area": (box(xbr="4.0"), r":14: box of image 'a\.png': box: expected an area above 0"),
    "box of no numbers": (box(xtl="left"), r":14: .* xtl: expected a number, got 'left'"),
    "box of NaN": (box(xtl="nan"), r":14: .* xtl: expected a number, got 'nan'"),
    "turned": (box(rotation="36.00"), r":14: .* rotation: expected 0 degrees, got 36; draw the box upright"),
    "unknown label": (
        box(label="drone"),
        r":14: .* label: expected one of the task's \(person, cell phone, ear.*'drone'",
    ),
    "polygon": ('<polygon label="person" points="1,2;3,4;5,6"/>', r":14: polygon of image 'a\.png': expected boxes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_ingest__refuses_a_cvat_box_by_line(cvat: Cvat, read: Callable, tmp_path: Path, case: str) -> None:
    inner, message = REFUSED[case]
    cvat.add("a.png", inner)
    with pytest.raises(DataError, match=rf"source 'c': 1 problem; .*\n.*annotations\.xml{message}"):
        read()
    assert not (tmp_path / "raw").exists()


def test_ingest__cvat_shapes_of_a_dropped_label_do_not_matter(cvat: Cvat, read: Callable) -> None:
    cvat.add("a.png", BOX + '<polygon label="cell phone" points="1,2;3,4;5,6"/>' + box(label="cell phone", xbr="900"))
    (frame,) = read(classes={"cell phone": ""})
    assert ([b.label for b in frame.boxes], frame.labelled) == (["person"], ("person", "earphone"))


FILES = {
    "bomb": (
        '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>\n<annotations>&y;</annotations>',
        r"annotations\.xml:1: expected elements only, got a document type",
    ),
    "foreign file": (
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">\n<annotations/>',
        r"annotations\.xml:1: expected elements only, got a document type",
    ),
    "entity": ("<annotations>&x;</annotations>", r"annotations\.xml:1: expected whole XML, .*undefined entity"),
    "deep": ("<a>" * 40 + "</a>" * 40, r"annotations\.xml:1: .* more than 32 nested elements"),
    "instruction": ("<?php x?><annotations/>", r"annotations\.xml:1: .* got a processing instruction"),
    "empty": ("", r"annotations\.xml:1: expected whole XML, .*no element found"),
    "other root": (
        "<boxes/>",
        r"annotations\.xml:1: expected <annotations> of version 1\.1, got <boxes> of version none",
    ),
    "other version": (
        "<annotations><version>2.0</version></annotations>",
        r"got <annotations> of version 2\.0; export CVAT 1\.1",
    ),
    "no labels": (
        "<annotations><version>1.1</version><image/></annotations>",
        r"annotations\.xml:1: meta: expected the task's <labels>, got none",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_ingest__refuses_a_cvat_file(read: Callable, case: str) -> None:
    text, message = FILES[case]
    with pytest.raises(DataError, match=message):
        read(text)


def test_ingest__refuses_a_cvat_file_cut_off_and_keeps_the_last_output(
    cvat: Cvat, read: Callable, tmp_path: Path
) -> None:
    cvat.add("a.png")
    read()
    before = {p: p.read_bytes() for p in sorted((tmp_path / "raw").rglob("*")) if p.is_file()}
    whole = (cvat.path / "annotations.xml").read_text()
    with pytest.raises(
        DataError, match=r"annotations\.xml:\d+: expected whole XML, got an error at column \d+ .*cut off"
    ):
        read(whole[:-30])
    assert {p: p.read_bytes() for p in sorted((tmp_path / "raw").rglob("*")) if p.is_file()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw", "source"]


SPOILT = {
    "missing image": ("b.png", {"there": False}, r":16: image 'b\.png': expected a readable image file, got No such"),
    "duplicate image": ("a.jpg", {}, r"duplicate image 'a': expected once, got 2"),
    "wrong size": ("b.png", {"size": 'width="65" height="48"'}, r"'b\.png': size: the labels state 65 x 48 px"),
    "no size": ("b.png", {"size": ""}, r"'b\.png': width: expected a number, got None"),
    "path that leaves": ("../b.png", {"there": False}, r"name: expected a path inside images/"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_ingest__refuses_a_cvat_image(cvat: Cvat, read: Callable, case: str) -> None:
    name, keys, message = SPOILT[case]
    cvat.add("a.png")
    cvat.add(name, **keys)
    with pytest.raises(DataError, match=message):
        read()


def test_ingest__refuses_cvat_without_licence_classes_or_what_was_looked_for(cvat: Cvat, read: Callable) -> None:
    cvat.add("a.png")
    with pytest.raises(DataError, match=r"annotations\.xml: licence: none stated"):
        read(licence=None)
    with pytest.raises(DataError, match=r"label 'cell phone': class: expected one of .* got 'cell phone'; map it"):
        read(classes={})
    with pytest.raises(DataError, match=r"annotations\.xml: labelled: expected .* got 'nothing'; say `labelled"):
        read(labelled=None)
    assert read(labelled=[]).frames[0].labelled == ()


def track(number: int, label: str, keys: list[tuple[int, float, int]], **about: str) -> str:
    """A track of boxes 20 px wide: frame, left side, outside."""
    said = "".join(f' {k}="{v}"' for k, v in about.items())
    boxes = "\n".join(
        f'<box frame="{f}" keyframe="1" outside="{out}" occluded="0" xtl="{x}" ytl="10" xbr="{x + 20}" ybr="40"></box>'
        for f, x, out in keys
    )
    return f'<track id="{number}" label="{label}" source="manual"{said}>\n{boxes}\n</track>\n'


@pytest.fixture
def video(cvat: Cvat) -> Cvat:
    """Thirty frames at 10 a second, of which the task showed every fifth."""
    record(cvat.path / "exam.mp4", [0] * 30)
    cvat.filter = "step=5"
    cvat.more = "<source>exam.mp4</source><original_size><width>128</width><height>96</height></original_size>"
    return cvat


def test_ingest__cvat_tracks_are_boxes_at_the_frames_own_time(video: Cvat, read: Callable) -> None:
    video.body = track(0, "person", [(0, 0, 0), (10, 20, 0), (20, 20, 1)]) + track(1, "cell phone", [(15, 60, 0)])
    frames = list(read(every_s=0.1, persons={"exam": "P3"}))
    assert [(f.id, round(f.time_s or 0, 2)) for f in frames[:2]] == [
        ("c/exam/000000000ms", 0),
        ("c/exam/000000500ms", 0.5),
    ]
    said = [[(b.label, b.xyxy[0]) for b in f.boxes] for f in frames]
    assert said == [
        [("person", 0)],
        [("person", 10)],
        [("person", 20)],
        [("person", 20), ("phone", 60)],
        [("phone", 60)],
        [("phone", 60)],
    ]
    assert {(f.person, f.clip, f.labelled) for f in frames} == {("P3", "exam", ("person", "phone", "earphone"))}


def test_ingest__cvat_tracks_carry_attributes_from_key_to_key(video: Cvat, read: Callable) -> None:
    said = '<attribute name="kind">earbud</attribute></box>'
    video.body = track(0, "earphone", [(0, 0, 0), (5, 8, 0)]).replace("</box>", said, 1)
    frames = list(read(every_s=0.1))
    assert [f.boxes[0].attributes for f in frames[:3]] == [{"kind": "earbud"}] * 3


def test_ingest__cvat_a_video_on_which_nothing_was_drawn_is_all_empty(video: Cvat, read: Callable) -> None:
    assert [len(f.boxes) for f in read()] == [0, 0, 0]


TRACKS = {
    "turned": (
        track(0, "person", [(0, 0, 0)]).replace('xtl="0"', 'xtl="0" rotation="9"'),
        r"rotation: .* got 9",
    ),
    "twice": (track(0, "person", [(5, 0, 0), (5, 1, 0)]), r"frame: expected a number once .* got '5'"),
    "no frame": (track(0, "person", [(0, 0, 0)]).replace('frame="0" ', ""), r"frame: expected a number once"),
    "outside the picture": (
        track(0, "person", [(0, 0, 0), (10, 200, 0)]),
        r"annotations\.xml:15: box of track 0 at frame 10, shown at frame 15: box: expected inside the image of 128",
    ),
    "polygon": (
        '<track id="4" label="person"><polygon frame="0" points="1,2"/></track>',
        r":13: polygon of track 4: expected boxes",
    ),
    "of a model": (
        track(0, "person", [(0, 0, 0)]).replace("manual", "auto"),
        r"track 0: source: expected tracks",
    ),
    "with images": (
        '<image name="a" width="1" height="1"/>' + track(0, "person", []),
        r"images or tracks, got both",
    ),
}


@pytest.mark.parametrize("case", TRACKS)
def test_ingest__refuses_a_cvat_track(video: Cvat, read: Callable, case: str) -> None:
    video.body, message = TRACKS[case]
    with pytest.raises(DataError, match=message):
        read(every_s=0.1)


def test_ingest__refuses_a_recording_that_is_not_the_tracks_own(video: Cvat, read: Callable) -> None:
    video.body = track(0, "person", [(0, 0, 0)])
    spoil(video.path / "exam.mp4", 0.5)
    with pytest.raises(DataError, match=r"exam\.mp4: damaged at 1\.\d+ .* tracks count frames, so a damaged recording"):
        read(damaged="keep")
    record(video.path / "exam.mp4", [0] * 30)
    video.stop = 99
    with pytest.raises(DataError, match=r"exam\.mp4: expected the 100 frames of annotations\.xml, got 30"):
        read()
    video.stop = 29
    video.more = video.more.replace("128", "640")
    with pytest.raises(DataError, match=r"size: the labels state 640 x 96 px, the file has 128 x 96"):
        read()
    video.more = video.more.replace("exam.mp4", "other.mp4")
    with pytest.raises(DataError, match=r"source: expected the recording 'other\.mp4' .* got exam\.mp4"):
        read()
    video.more = ""
    assert len(read()) == 3
