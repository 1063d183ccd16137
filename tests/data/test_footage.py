"""Images and recordings without labels."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from proctor_models.data.ingest import ingest
from proctor_models.data.similar import near_pairs
from proctor_models.errors import DataError

TIMES_MS = (0, 400, 900, 2100, 2600, 4000)  # a phone's uneven frames


@pytest.fixture
def video(tmp_path):
    """Six frames at uneven times, each of its own brightness."""
    path = tmp_path / "source/exam.mp4"
    path.parent.mkdir()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for i, time_ms in enumerate(TIMES_MS):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * i + 20, np.uint8), format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def read(recipe, tmp_path):
    def run(path, form, **keys):
        source = {"name": "v", "format": form, "path": str(path), "licence": "own"}
        return ingest(recipe(source | keys), tmp_path / "raw")

    return run


def test_ingest__video_frames_carry_their_own_time(video, read):
    manifest = read(video, "video", every_s=1.0, view="second", person="S4")
    assert [frame.time_s for frame in manifest] == pytest.approx([0, 2.1, 4.0], abs=0.002)
    brightness = [np.asarray(Image.open(manifest.image_path(frame))).mean() for frame in manifest]
    assert brightness == pytest.approx([20, 140, 220], abs=6)
    first = manifest.frames[0]
    assert (first.id, first.clip, first.group, first.view) == ("v/exam/000000000ms", "exam", "person:S4", "second")
    assert (first.labelled, first.boxes) == ((), ())


def test_ingest__a_clip_is_a_group_where_the_person_is_unknown(video, read):
    assert {frame.group for frame in read(video.parent, "video", every_s=0.5)} == {"clip:v/exam"}


def test_ingest__refuses_a_recording_that_is_cut_off(video, read):
    video.write_bytes(video.read_bytes()[:400])
    with pytest.raises(DataError, match=r"exam\.mp4: expected a video file"):
        read(video, "video")


def test_ingest__images_in_depth_and_one_alone(tmp_path, picture, read):
    picture(tmp_path / "source/x/a.png", 1)
    picture(tmp_path / "source/b.jpg", 2)
    manifest = read(tmp_path / "source", "images", labelled=("person",))
    assert [(frame.id, frame.group) for frame in manifest] == [("v/b", "picture:v/b"), ("v/x/a", "picture:v/x/a")]
    assert manifest.frames[0].labelled == ("person",)
    assert [frame.id for frame in read(tmp_path / "source/b.jpg", "images")] == ["v/b"]


def test_ingest__refuses_images_smaller_than_any_net_reads_and_labels_that_nobody_lists(tmp_path, picture, read):
    picture(tmp_path / "source/a.png", 1, (64, 12))
    with pytest.raises(DataError, match=r"a\.png: expected a complete image file, got 64 x 12 px, under 16 px a side"):
        read(tmp_path / "source", "images")
    with pytest.raises(DataError, match=r"labelled: expected names of classes, got 'all'"):
        read(tmp_path / "source", "images", labelled="all")


def test_ingest__refuses_images_without_licence_of_one_name_or_none(tmp_path, picture, read):
    (tmp_path / "source").mkdir()
    with pytest.raises(DataError, match=r"expected files \.jpg, .* found none"):
        read(tmp_path / "source", "images")
    picture(tmp_path / "source/a.png", 1)
    with pytest.raises(DataError, match=r"licence: none stated"):
        read(tmp_path / "source", "images", licence=None)
    picture(tmp_path / "source/a.jpg", 1)
    with pytest.raises(DataError, match=r"duplicate name 'a'"):
        read(tmp_path / "source", "images")


def test_near_pairs__agrees_with_counting_bit_by_bit_across_blocks(monkeypatch):
    monkeypatch.setattr("proctor_models.data.similar.BLOCK", 7)
    values = [int(v) for v in np.random.default_rng(0).integers(0, 2**10, 40)]
    slow = [(i, j) for i in range(40) for j in range(i + 1, 40) if (values[i] ^ values[j]).bit_count() <= 2]
    assert near_pairs([f"{v:016x}" for v in values], 2) == slow
    assert len(slow) > 5
