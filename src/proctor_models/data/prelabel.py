"""`proctor prelabel`: frames with the boxes a pack sees on them, for a person to correct.

What is written is for a labelling tool to import, never for training: every file says that its boxes are a model's,
and `proctor ingest` refuses them until a person has confirmed them in the tool (`cvat`, `label_studio`, `coco` beside
this module say how). Frames are listed with the most doubtful first: there a correction teaches most.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from proctor_models.data.changes import Sampling
from proctor_models.data.clips import VIDEO_SUFFIXES, clip_frames
from proctor_models.data.drafts import IMAGE_SUFFIXES, frame_name
from proctor_models.data.pictures import encode_jpeg
from proctor_models.data.prelabel_files import Guess, GuessedFrame, Written, as_coco, as_cvat, as_label_studio
from proctor_models.detectors import TRAINED
from proctor_models.errors import DataError
from proctor_models.files import building, write_bytes, write_text
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predict import boxes_of
from proctor_models.types import FACES, SCENE_CLASSES, Image, Observation

Form = Literal["cvat", "label-studio", "coco"]
WRITERS: dict[str, Callable[[Sequence[GuessedFrame], tuple[str, ...], str], Written]] = {
    "cvat": as_cvat,
    "label-studio": as_label_studio,
    "coco": as_coco,
}
IMAGES_FOLDER = "images"
DOUBT_FILE = "doubt.csv"
_READ: tuple[tuple[tuple[str, ...], str, str, tuple[str | bool, str | bool]], ...] = (
    (("face_masked",), "mask_incorrect", "mask_incorrect", (False, True)),
    (FACES, "hat", "headwear", ("none", "hat")),
    (FACES, "ears_covered", "ears", ("visible", "covered")),
    (FACES, "face_occluded", "occluded", (False, True)),
)
"""Class, attribute of the head net, label, and its value without and with it."""
_OTHERS_FROM = 0.5  # classes no detector reads
_EVERY = 50  # frames between two lines of progress
_NAMED = 20  # files in one message


@dataclass(frozen=True)
class _Picture:
    """A frame to look at, and how it comes into the folder."""

    file: str
    image: Image
    original: Path | None = None
    clip: str | None = None
    time_s: float | None = None


def prelabel(
    pack_folder: Path,
    source: Path,
    form: Form,
    out: Path,
    *,
    sampling: Sampling | None = None,
    min_score: float | None = None,
    threads: int = 2,
) -> list[GuessedFrame]:
    """Write the folder `out`: images/, the file a labelling tool imports, doubt.csv and README.txt.

    Args:
        pack_folder: a pack.
        source: a folder of images and recordings, searched in depth, or one recording.
        form: the tool's format.
        out: a folder that does not exist yet; complete or absent, never half.
        sampling: which frames of recordings; None for one a second, and no damaged recording.
        min_score: boxes scored lower are left out; None leaves out what the detectors' thresholds do (`least_scores`).
        threads: threads one inference may use.

    Returns:
        The frames, the most doubtful first.

    Raises:
        PackError, ModelError: the pack is not fit for use.
        VideoError: a recording is damaged or no video.
        DataError: nothing to look at, two files of one name, images that cannot be read, or `out` exists.
    """
    if out.exists():
        raise DataError(f"{out}: exists, and may hold what a person has corrected; name a new folder")
    if threads < 1:
        raise DataError(f"threads: expected 1 or more, got {threads}")
    if min_score is not None and not 0 < min_score < 1:
        raise DataError(f"min_score: expected a number between 0 and 1, got {min_score}")
    files = _files(source)
    pack = Pack.load(pack_folder, threads)
    predictor = pack.predictor()
    least = least_scores(pack.thresholds, min_score)
    model = f"proctor-pack {pack.version} scene {pack.model_sha256['scene'][:12]}"
    with building(out) as part:
        frames = []
        for picture in _pictures(source, files, sampling or Sampling()):
            _put(picture, part / IMAGES_FOLDER / picture.file)
            frames.append(guessed(picture.file, predictor.observe(picture.image), pack.thresholds, least, picture))
            if len(frames) % _EVERY == 0:
                print(f"prelabel: {len(frames)} frames", file=sys.stderr, flush=True)
        frames.sort(key=lambda frame: (-frame.doubt, frame.file))
        written = WRITERS[form](frames, predictor.scene.spec.names, model)
        for name, text in written.files.items():
            write_text(part / name, text)
        write_text(part / DOUBT_FILE, _doubt_table(frames))
        write_text(part / "README.txt", written.steps.format(model=model, frames=len(frames)))
    boxes = sum(len(frame.boxes) for frame in frames)
    print(f"{out}: {len(frames)} frames, {boxes} boxes to be corrected; see README.txt there", file=sys.stderr)
    return frames


def least_scores(thresholds: Mapping[str, float], min_score: float | None = None) -> dict[str, float]:
    """Score from which a box is written, by class.

    Phones, earphones, books and papers from their detectors' thresholds; people and faces from where `seat_absence`
    takes them for a sign of a person; classes that no detector reads from one half.

    >>> least = least_scores({"phone": 0.4, "earphone": 0.5, "seat_absence": 0.7})
    >>> least["phone"], round(least["person"], 2), least["cup"]
    (0.4, 0.3, 0.5)
    """
    if min_score is not None:
        return dict.fromkeys(SCENE_CLASSES, min_score)
    least = dict.fromkeys(SCENE_CLASSES, _OTHERS_FROM)
    least |= {name: thresholds[name] for name in ("phone", "earphone", "book_paper") if name in thresholds}
    return least | dict.fromkeys(("person", *FACES), 1 - thresholds.get("seat_absence", 1 - _OTHERS_FROM))


def doubt(score: float, threshold: float) -> float:
    """How little a score decides: 1 at the threshold, 0 at either end.

    >>> doubt(0.4, 0.4), doubt(0.0, 0.4), doubt(0.7, 0.4)
    (1.0, 0.0, 0.5)
    """
    room = threshold if score < threshold else 1 - threshold
    return round(1 - abs(score - threshold) / room, 4)


def guessed(
    file: str,
    observation: Observation,
    thresholds: Mapping[str, float],
    least: Mapping[str, float],
    picture: _Picture | None = None,
) -> GuessedFrame:
    """What the nets say of one frame: its boxes from their least score up, and the detector that is most in doubt."""
    scores = {detector.name: detector.read(observation).score for detector in TRAINED}
    doubts = {
        name: doubt(score, thresholds[name])
        for name, score in scores.items()
        if score is not None and name in thresholds
    }
    unsure = max(doubts, key=lambda name: doubts[name], default="")
    boxes = []
    for row in boxes_of(observation):
        label, (x, y, width, height) = SCENE_CLASSES[row["category_id"] - 1], row["bbox"]
        if row["score"] >= least[label]:
            corners = (x, y, round(x + width, 2), round(y + height, 2))
            boxes.append(Guess(label, corners, row["score"], _said(label, row["attributes"])))
    return GuessedFrame(
        file=file,
        resolution_wh=observation.resolution_wh,
        boxes=tuple(boxes),
        doubt=doubts.get(unsure, 0.0),
        unsure=unsure,
        score=scores.get(unsure) or 0.0,
        clip=picture.clip if picture else None,
        time_s=picture.time_s if picture else None,
    )


def _said(label: str, attributes: Mapping[str, str | bool | float]) -> dict[str, str | bool]:
    """The attributes that are labels: kind and place of an earphone, how a mask is worn, how a head looks."""
    if label == "earphone":
        return {name: value for name, value in attributes.items() if not isinstance(value, float)}
    asked = [row for row in _READ if label in row[0]]
    read = [(name, words, attributes.get(attribute)) for _, attribute, name, words in asked]
    return {name: words[value >= 0.5] for name, words, value in read if isinstance(value, float)}


def _files(source: Path) -> list[Path]:
    """Images and recordings, by name; hidden ones are left out."""
    suffixes = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
    if source.is_file():
        files = [source] if source.suffix.lower() in suffixes else []
    else:
        inner = sorted(p for p in source.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
        files = [p for p in inner if not any(part.startswith(".") for part in p.relative_to(source).parts)]
    if not files:
        raise DataError(f"{source}: expected images or recordings ({', '.join(suffixes)}), found none in any depth")
    stems = Counter(path.with_suffix("") for path in files)
    twice = next((stem for stem, count in stems.items() if count > 1), None)
    if twice is not None:
        raise DataError(f"{twice}: expected one file of that name whatever its suffix, got {stems[twice]}; rename one")
    return files


def _pictures(source: Path, files: Sequence[Path], sampling: Sampling) -> Iterator[_Picture]:
    top = source.parent if source.is_file() else source
    unreadable: list[str] = []
    for path in files:
        name = path.relative_to(top)
        if path.suffix.lower() in VIDEO_SUFFIXES:
            clip = name.with_suffix("").as_posix()
            for frame in clip_frames(path, sampling) if not unreadable else ():
                file = f"{frame_name(clip, frame.timestamp_s)}.jpg"
                yield _Picture(file, frame.image, None, clip, frame.timestamp_s)
            continue
        try:
            image = read_image(path)
        except DataError as error:
            unreadable.append(str(error))
        if not unreadable:  # after the first, go on only to name the others
            yield _Picture(name.as_posix(), image, path)
    if unreadable:
        more = f"\n  and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
        listed = "\n  ".join(unreadable[:_NAMED])
        raise DataError(f"{source}: {len(unreadable)} images unreadable, nothing written:\n  {listed}{more}")


def _put(picture: _Picture, path: Path) -> None:
    """The frame as a file; an image of the same disk is linked, not copied."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture.original is None:
        write_bytes(path, encode_jpeg(picture.image, picture.file))
        return
    try:
        os.link(picture.original.resolve(), path)
    except OSError:  # another disk, or one without links
        shutil.copyfile(picture.original, path)


def _doubt_table(frames: Sequence[GuessedFrame]) -> str:
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("rank", "file", "doubt", "detector", "score", "boxes"))
    for rank, frame in enumerate(frames, start=1):
        rows.writerow((rank, frame.file, frame.doubt, frame.unsure, round(frame.score, 4), len(frame.boxes)))
    return table.getvalue()
