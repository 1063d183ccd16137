"""Frames of recordings whose events are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from proctor_models.data.ingest import ingest
from proctor_models.errors import DataError

FRAMES, FPS = 16, 2


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """One clip of eight seconds: a phone from 1 to 2 s, nobody from 4 to 5 s, doubt about books, a held picture."""
    folder = tmp_path / "clips"
    folder.mkdir()
    with av.open(str(folder / "walk.mp4"), "w") as container:
        stream = container.add_stream("h264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(FRAMES):
            picture = np.full((48, 64, 3), 14 * i + 10, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    events = [
        {"event": "phone", "start_frame": 2, "end_frame": 4},
        {"event": "absence", "start_frame": 8, "end_frame": 10},
    ]
    meta = {
        "person": "P1", "subject": "P7", "fps_assumed": FPS, "n_frames": FRAMES, "source": [{"held_frames": [14]}],
        "uncertain": [{"event": "book", "start_frame": 12, "end_frame": 13}],
    }  # fmt: skip
    (folder / "walk.events.json").write_text(json.dumps(events))
    (folder / "walk.meta.json").write_text(json.dumps(meta))
    return folder


@pytest.fixture
def read(recipe: Any, tmp_path: Path) -> Any:
    def run(path: Path, **keys: Any) -> Any:
        source = {"name": "v", "format": "events", "path": str(path), "licence": "own", "every_s": 0.5}
        return ingest(recipe(source | keys), tmp_path / "raw")

    return run


def test_ingest__a_frame_labels_what_its_time_tells(clips: Path, read: Any) -> None:
    manifest = read(clips, view="first")
    told = {round(frame.time_s * FPS): set(frame.labelled) for frame in manifest}
    nothing = {"phone", "book_paper", "earphone"}
    assert told[0] == told[5] == told[15] == nothing
    assert told[2] == told[4] == nothing - {"phone"}, "some phone is in sight, nobody has drawn it"
    assert told[8] == told[10] == nothing | {"person", "face", "face_masked"}
    assert told[12] == told[13] == nothing - {"book_paper"}
    assert 14 not in told, "a held picture shows what was"
    assert all(frame.boxes == () for frame in manifest)
    first = manifest.frames[0]
    assert (first.id, first.clip, first.person, first.group) == ("v/walk/000000000ms", "walk", "P7", "person:P7")


def test_ingest__believes_events_on_the_classes_named_alone(clips: Path, read: Any) -> None:
    manifest = read(clips, labelled=("earphone",), persons={"walk": "P2"})
    assert {frame.labelled for frame in manifest} == {("earphone",)}
    assert {frame.person for frame in manifest} == {"P2"}


@pytest.mark.parametrize("labelled", [("laptop",), "all"])
def test_ingest__refuses_classes_of_which_events_tell_nothing(clips: Path, read: Any, labelled: Any) -> None:
    with pytest.raises(DataError, match=r"labelled: expected some of book_paper, .*, got '(laptop|all)'"):
        read(clips, labelled=labelled)


def test_ingest__refuses_events_without_licence_and_damaged_ones(clips: Path, read: Any) -> None:
    with pytest.raises(DataError, match=r"licence: none stated"):
        read(clips, licence=None)
    (clips / "walk.events.json").write_text('[{"event": "phone", "start_frame": 2, "end_frame": 99}]')
    with pytest.raises(DataError, match=r"walk\.events\.json: \[0\]: expected 0 <= start_frame <= end_frame < 16"):
        read(clips)
    with pytest.raises(DataError, match=r"expected NAME\.mp4 with NAME\.events\.json .*, got no such clip"):
        read(clips.parent / "nowhere")
