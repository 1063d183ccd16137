"""A person leaves every dataset, whatever was made of their frames, and stays out; what cannot go is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from drawn import write_coco
from proctor_models.cli import main
from proctor_models.config import load_recipe
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import MANIFEST_FILE, FrameRecord, Manifest, data_version
from proctor_models.data.versions import forget
from proctor_models.data.versions.persons import theirs
from proctor_models.data.versions.record import FORGOTTEN_FILE, names, read_forgotten
from proctor_models.data.versions.traces import Marks, scrubbed, take_out, traces
from proctor_models.data.versions.trained import BY_VERSION, MEASURED, NAMED, OTHERS, UNKNOWN, TrainedNet, verdict
from proctor_models.errors import DataError
from versioned import project, recipe_file, stages

FOLDERS = ("raw", "curated", "split")


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder to stand in: data/demo with P1 to P4 (P3 val, P4 test), P1 also known as P1b."""
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def persons(folder: Path) -> set[str | None]:
    return {frame.person for frame in Manifest.load(folder)}


def pack(folder: Path, version: str | None, people: list[str] | None = None) -> None:
    folder.mkdir(parents=True)
    net: dict[str, Any] = {"spec": {"data_version": version}}
    if people is not None:
        net |= {"persons": people, "persons_not_stated_by": []}
    (folder / "card.json").write_text(json.dumps({"nets": {"scene": net}}))
    (folder / "manifest.json").write_text(json.dumps({"schema": "proctor-pack/1"}))


def contents(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


def test_forget__removes_frames_labels_and_pictures_everywhere(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = data_version(Path("data/demo/split"))
    assert main(["data", "forget", "P1"]) == 0
    for name in FOLDERS:
        assert persons(Path("data/demo") / name) == {"P2", "P3", "P4"}
        assert "P1" not in (Path("data/demo") / name / MANIFEST_FILE).read_text()
    assert sorted(path.stem for path in Path("data/demo").rglob("*.png")) == [
        f"P{person}-{number}" for person in (2, 3, 4) for number in range(4)
    ]
    assert not [path for path in contents(top / "data") if ".old" in path or ".part" in path or ".forgetting" in path]
    assert "P1" not in (Path("data/demo/split") / "datasheet.md").read_text()
    summary = json.loads(Path("data/demo/raw/summary.json").read_text())
    assert summary["frames"] == 12
    curation = json.loads(Path("data/demo/curated/curation.json").read_text())
    assert (curation["frames_before"], curation["frames_after"]) == (12, 12)
    text = capsys.readouterr().out
    assert "P1: 4 frames deleted" in text
    assert "recipe demo, source drawn: still holds 4 frames of theirs" in text
    assert "add to its ingest.exclude_persons: P1" in text
    (line,) = read_forgotten(Path("data"))
    assert names(line, ["P1"])
    assert '"P1"' not in (Path("data") / FORGOTTEN_FILE).read_text()
    split = next(folder for folder in line["folders"] if folder["folder"] == "demo/split")
    assert (split["before"], split["after"]) == (before, data_version(Path("data/demo/split")))
    assert split["sides"] == {"train": 4}


def test_forget__a_dry_run_touches_nothing(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(top)
    assert main(["data", "forget", "P1", "--dry-run"]) == 0
    assert "P1: 4 frames would be deleted; nothing was touched" in capsys.readouterr().out
    assert contents(top) == before


def test_forget__an_unknown_person_is_refused_with_the_known_ones(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "forget", "P9"]) == 1
    assert "data: nobody with code 'P9'; known codes: P1, P2, P3, P4" in capsys.readouterr().err
    assert main(["data", "forget", "P1", "--in", "absent"]) == 1
    assert "absent: no such folder" in capsys.readouterr().err


def test_forget__every_code_of_the_person_goes(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(top, split={"same_person": {"P2": "P1"}})
    assert main(["data", "forget", "P2"]) == 0
    assert persons(Path("data/demo/raw")) == {"P3", "P4"}
    text = capsys.readouterr().out
    assert "P2 (also P1): 8 frames deleted" in text
    assert "recipe demo: split.same_person names P1, P2" in text


def test_forget__the_next_ingest_equals_what_the_deletion_left(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "forget", "P1"])
    left = {name: (Path("data/demo") / name / MANIFEST_FILE).read_bytes() for name in FOLDERS}
    sides = json.loads(Path("data/demo/split/split.json").read_text())["sides"]
    recipe = load_recipe(recipe_file(top))
    with pytest.raises(DataError, match=r"forgotten\.jsonl:1: P1 was deleted on .*ingest\.exclude_persons"):
        ingest(recipe, Path("data/demo/raw"))
    assert (Path("data/demo/raw") / MANIFEST_FILE).read_bytes() == left["raw"], "a refused ingest changes nothing"
    raw = yaml.safe_load(Path("configs/demo.yaml").read_text())
    raw["ingest"]["exclude_persons"] = ["P1"]
    Path("configs/demo.yaml").write_text(yaml.safe_dump(raw))
    capsys.readouterr()
    stages(load_recipe(Path("configs/demo.yaml")), Path("data/demo"))
    assert "ingest: 4 frames left out, excluded persons: P1 4" in capsys.readouterr().err
    assert {name: (Path("data/demo") / name / MANIFEST_FILE).read_bytes() for name in FOLDERS} == left
    assert json.loads(Path("data/demo/raw/summary.json").read_text())["excluded"] == {"P1": 4, "frames": 4}
    assert json.loads(Path("data/demo/split/split.json").read_text())["sides"] == sides
    assert not list(Path("data/demo/raw").rglob("P1*"))


def test_forget__killed_between_two_folders_the_same_command_finishes(
    top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pack(Path("export/by-version"), data_version(Path("data/demo/split")))
    whole = forget.clean
    done: list[str] = []

    def dies_at_the_second(one: Any, *rest: Any) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(one.folder.name)
        whole(one, *rest)

    monkeypatch.setattr(forget, "clean", dies_at_the_second)
    assert main(["data", "forget", "P1"]) == 130
    assert done == ["curated"]
    assert persons(Path("data/demo/curated")) == {"P2", "P3", "P4"}
    assert "P1" in persons(Path("data/demo/raw"))
    assert not (Path("data") / FORGOTTEN_FILE).exists()
    monkeypatch.setattr(forget, "clean", whole)
    Manifest.load(Path("data/demo/curated")).save(Path("data/demo/split"))  # as if it had been done as well
    assert main(["data", "forget", "P1"]) == 0
    assert "held them export/by-version (pack" in " ".join(capsys.readouterr().out.split())
    assert all(persons(Path("data/demo") / name) == {"P2", "P3", "P4"} for name in FOLDERS)
    (line,) = read_forgotten(Path("data"))
    assert [folder["frames"] for folder in line["folders"]] == [4, 4, 4], "the record is of the whole deletion"


def test_forget__killed_between_two_renames_the_folder_comes_back(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(forget, "clean", dies)
        assert main(["data", "forget", "P1"]) == 130
    Path("data/demo/raw").rename("data/demo/.raw.old")  # as a kill inside the swap leaves it
    shutil.copytree("data/demo/split", "data/demo/.split.old")  # and as one after it does
    assert main(["data", "forget", "P1"]) == 0
    assert sorted(path.name for path in Path("data/demo").iterdir()) == sorted(FOLDERS)
    assert all(persons(Path("data/demo") / name) == {"P2", "P3", "P4"} for name in FOLDERS)


def test_forget__an_unfinished_deletion_goes_before_another(
    top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(forget, "clean", dies)
        main(["data", "forget", "P1"])
    assert main(["data", "forget", "P2"]) == 1
    assert "the deletion of P1 was not finished; run `proctor data forget P1`" in capsys.readouterr().err


def test_forget__twice_is_once(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "forget", "P1"])
    before = contents(top)
    capsys.readouterr()
    assert main(["data", "forget", "P1"]) == 0
    assert "P1: nothing of theirs is left below data and export" in capsys.readouterr().out
    assert contents(top) == before


def test_forget__decisions_evaluation_and_looks_lose_the_frames(top: Path) -> None:
    mine, other = (next(f for f in Manifest.load(Path("data/demo/raw")) if f.person == p) for p in ("P4", "P2"))
    lines = [{"id": one.id, "action": "tag", "tags": {"light": "dim"}, "why": "seen"} for one in (mine, other)]
    Path("configs/decided.jsonl").write_text("# corrections\n" + "".join(f"{json.dumps(line)}\n" for line in lines))
    recipe_file(top, curate={"decisions": "configs/decided.jsonl"})
    figures = Path("export/demo/evaluation")
    figures.mkdir(parents=True)
    images = [{"id": i, "file_name": one.file, "frame": one.id} for i, one in enumerate((mine, other), start=1)]
    boxes = [{"id": 1, "image_id": 1}, {"id": 2, "image_id": 2}]
    (figures / "predictions.json").write_text(json.dumps({"images": images, "annotations": boxes}))
    (figures / "page.html").write_text(f"<img alt='{mine.id}'>")
    (figures / "errors").mkdir()
    for one in (mine, other):
        (figures / "errors" / f"{one.id.replace('/', '-')}.jpg").write_bytes(b"a crop")
    looks = Path(".fiftyone/looks")
    looks.mkdir(parents=True)
    keys = [{"key": f"{one.sha256}:first", "found": []} for one in (mine, other)]
    (looks / "nets.jsonl").write_text("".join(f"{json.dumps(key)}\n" for key in keys))
    assert main(["data", "forget", "P4"]) == 0
    assert Path("configs/decided.jsonl").read_text() == f"# corrections\n{json.dumps(lines[1])}\n"
    left = json.loads((figures / "predictions.json").read_text())
    assert ([image["frame"] for image in left["images"]], [row["id"] for row in left["annotations"]]) == (
        [other.id],
        [2],
    )
    assert not (figures / "page.html").exists()
    assert [path.name for path in (figures / "errors").iterdir()] == [f"{other.id.replace('/', '-')}.jpg"]
    assert (looks / "nets.jsonl").read_text() == f"{json.dumps(keys[1])}\n"


def test_forget__says_which_packs_were_trained_on_them(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = data_version(Path("data/demo/split"))
    pack(Path("export/named"), "0" * 64, ["P1", "P2"])
    pack(Path("export/by-version"), version)
    pack(Path("export/silent"), "1" * 64)
    pack(Path("export/others"), "2" * 64, ["P2"])
    main(["data", "forget", "P1"])
    text = " ".join(capsys.readouterr().out.split())
    assert "record of the net itself export/named (pack" in text
    assert "data version it was trained on held them export/by-version (pack" in text
    assert "no record says whom these were trained on export/silent (pack" in text
    assert "not trained on them export/others (pack" in text
    main(["data", "forget", "P2"])
    text = " ".join(capsys.readouterr().out.split())
    assert "data version it was trained on held them export/by-version (pack" in text, "the version of before P1 went"
    main(["data", "forget", "P4"])
    assert "but measured on them export/by-version (pack" in " ".join(capsys.readouterr().out.split())


def test_forget__a_coco_folder_under_dvc_loses_them_and_dvc_is_named(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(Path("data/embedded"), frames_a_person=4)
    Path("data/embedded.dvc").write_text("outs: []\n")
    Path("data/embedded/masks").mkdir()
    for name in ("P3-0", "P2-0"):
        Path(f"data/embedded/masks/{name}.png").write_bytes(b"which pixels are whose")
    Path("data/embedded/gallery.html").write_text("<img src='images/P3-0.png'>")
    Path("data/embedded/contact.jpg").write_bytes(b"everybody")
    Path("data/embedded/plan.jsonl").write_text('{"owner": "P3"}\n{"clip": "P3-0001"}\n{"owner": "P30"}\n')
    assert main(["data", "forget", "P3"]) == 0
    coco = json.loads(Path("data/embedded/annotations.json").read_text())
    assert {image["subject"] for image in coco["images"]} == {"P1", "P2", "P4"}
    assert {row["image_id"] for row in coco["annotations"]} <= {image["id"] for image in coco["images"]}
    assert not list(Path("data/embedded").rglob("P3*"))
    assert [path.name for path in Path("data/embedded/masks").iterdir()] == ["P2-0.png"]
    assert not Path("data/embedded/gallery.html").exists()
    assert not Path("data/embedded/contact.jpg").exists()
    assert Path("data/embedded/plan.jsonl").read_text() == '{"owner": "P30"}\n'
    assert "data/embedded.dvc: DVC keeps the folder as it was in its cache" in capsys.readouterr().out


def test_forget__a_damaged_dataset_stops_it_before_anything_is_touched(
    top: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("data/demo/curated") / MANIFEST_FILE
    path.write_text(path.read_text()[:-20])
    before = contents(top)
    assert main(["data", "forget", "P1"]) == 1
    assert "data/demo/curated/manifest.jsonl:17: " in capsys.readouterr().err
    assert contents(top) == before


def frame(name: str, **known: Any) -> FrameRecord:
    fields = {"phash": f"{hash(name) % 2**64:016x}", "sha256": name, "group": f"picture:{name}", "source": "s"} | known
    return FrameRecord(
        id=f"s/{name}", file=f"{name}.png", width=9, height=9, licence="MIT", view="first", labelled=(), **fields
    )


def test_theirs__rooms_recordings_and_copies_but_nobody_else() -> None:
    frames = [
        frame("a", person="S2", group="person:S2", clip="c", phash="0" * 16),
        frame("room", group="person:S2", phash="5" * 8 + "a" * 8),
        frame("hall", tags={"room": "S2"}, phash="3" * 16),
        frame("next", clip="c", phash="6" * 16),
        frame("same", sha256="a", phash="9" * 16),
        frame("near", phash="0" * 15 + "7"),
        frame("mirror", phash="5" * 16),
        frame("else", person="S1", group="person:S1", clip="c", phash="0" * 16),
        frame("far", phash="c" * 16),
    ]
    assert theirs(frames, ["S2"]) == {
        "s/a": "theirs",
        "s/room": "their room",
        "s/hall": "their room",
        "s/next": "same recording as s/a",
        "s/same": "same file as s/a",
        "s/near": "nearly identical to s/a",
        "s/mirror": "nearly identical to s/a",
    }
    assert theirs(frames, ["S7"]) == {}


MARKS = Marks(frozenset({"w/S1_1"}), frozenset({"w/S1_1.jpg"}), frozenset({"ab" * 32}), frozenset({"S1"}))


@pytest.mark.parametrize(
    ("name", "before", "after", "count"),
    [
        ("a.json", '{"w/S1_1": {"boxes": 2}, "w/S1_10": 1}', '{"w/S1_10": 1}', 1),
        ("a.json", '{"worst_frame": "w/S1_1"}', '{"worst_frame": "(deleted)"}', 1),
        ("a.json", '[{"slice": "person", "value": "S1"}, {"slice": "view", "value": "S1"}]', None, 1),
        ("a.csv", "frame,score\nw/S1_1,0.5\nw/S1_10,0.4\n", "frame,score\nw/S1_10,0.4\n", 1),
        ("a.csv", "person,ap\nS1,0.5\nS2,0.4\n", "person,ap\nS2,0.4\n", 1),
        ("a.md", "| phone, S1 | 3 |\n| phone, S10 | 3 |\nS1 stays in prose\n", None, 1),
        ("a.md", "see w/S1_1.jpg\nsee w/S1_10.jpg\n", "see w/S1_10.jpg\n", 1),
        ("a.jsonl", '{"like": ["w/S1_1"]}\n{"like": []}\n', '{"like": []}\n', 1),
    ],
)
def test_scrubbed__takes_out_what_names_the_frames_and_leaves_the_rest(
    tmp_path: Path, name: str, before: str, after: str | None, count: int
) -> None:
    path = tmp_path / name
    path.write_text(before)
    found, content = scrubbed(path, MARKS)
    assert found == count
    text = (content or b"").decode()
    if after is None:
        assert ("S10" in text) or ("view" in text)
    elif name.endswith(".json"):
        assert json.loads(text) == json.loads(after)
    else:
        assert text == after


@pytest.mark.parametrize("name", ["page.html", "cache.npy", "w-S1_1.jpg", "w/S1_1-head.png", "broken.json"])
def test_traces__what_cannot_be_changed_goes_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"{ w/S1_1 \xff")
    (tmp_path / "w-S1_10.jpg").write_bytes(b"")
    (found,) = traces(tmp_path, MARKS)
    assert (found.path, found.entries) == (path, 0)
    take_out(found, MARKS)
    assert not path.exists()
    assert traces(tmp_path, MARKS) == []


@pytest.mark.parametrize(
    ("persons", "silent", "version", "said"),
    [
        ({"S1"}, (), None, NAMED),
        ({"S2"}, (), None, OTHERS),
        ({"S2"}, ("data/start",), None, UNKNOWN),
        (None, (), "v", BY_VERSION),
        (None, (), "t", MEASURED),
        (None, (), "free", OTHERS),
        (None, (), "gone", UNKNOWN),
        (None, (), None, UNKNOWN),
    ],
)
def test_verdict__says_no_more_than_the_records_do(
    persons: set[str] | None, silent: tuple[str, ...], version: str | None, said: str
) -> None:
    net = TrainedNet(Path("n"), "pack", "scene", version, None if persons is None else frozenset(persons), silent)
    sides = {"v": {"train": 3}, "t": {"test": 3}, "free": {}}
    assert verdict(net, ["S1"], sides, ()) == said


def test_read_forgotten__a_damaged_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / FORGOTTEN_FILE).write_text('{"schema": "proctor-forgotten/1", "salt": "0", "codes": []}\n{"x": 1}\n')
    with pytest.raises(DataError, match=r"forgotten\.jsonl:2: expected a deletion"):
        read_forgotten(tmp_path)


def test_forget__a_damaged_dataset_is_refused_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_coco(Path("data/embedded"), frames_a_person=2)
    broken = Path("data/embedded/annotations.json")
    broken.write_text(broken.read_text()[:200])
    assert main(["data", "forget", "P3"]) == 1
    assert "data/embedded/annotations.json: expected JSON" in capsys.readouterr().err
    assert len(list(Path("data/embedded/images").iterdir())) > 0


@pytest.mark.parametrize("option", ["--packs", "--configs", "--also"])
def test_forget__a_mistyped_folder_is_refused(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_coco(Path("data/embedded"), frames_a_person=2)
    assert main(["data", "forget", "P3", option, "nope"]) == 1
    assert f"{option}: expected a folder, got nope" in capsys.readouterr().err


def test_forget__a_rehearsal_on_a_copy_touches_what_lies_beside_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_coco(Path("data/embedded"), frames_a_person=2)
    for top in (Path(), Path("copy")):
        (top / ".fiftyone/looks").mkdir(parents=True)
        (top / ".fiftyone/looks/a.jsonl").write_text('{"id": "embedded/P3-0"}\n{"id": "embedded/P2-0"}\n')
    shutil.copytree("data", "copy/data")
    assert main(["data", "forget", "P3", "--in", "copy/data"]) == 0
    assert "P3" in Path(".fiftyone/looks/a.jsonl").read_text()
    assert "P3" not in Path("copy/.fiftyone/looks/a.jsonl").read_text()
    assert list(Path("data/embedded/images").glob("P3*"))


def test_forget__sources_of_one_problem_are_said_at_once(top: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = yaml.safe_load(Path("configs/demo.yaml").read_text())
    raw["ingest"]["sources"] += [
        {"name": name, "format": "coco", "path": f"$PROCTOR_NOWHERE/{name}"} for name in ("desk", "phone")
    ]
    for name in ("demo", "other"):
        Path(f"configs/{name}.yaml").write_text(yaml.safe_dump(raw | {"name": name}))
    assert main(["data", "forget", "P1", "--dry-run"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "not known" in line]
    told = (
        "  not known whether these sources hold frames of theirs (environment variable PROCTOR_NOWHERE is not set): "
        "recipe demo: desk, phone; recipe other: desk, phone; there, add to ingest.exclude_persons: P1"
    )
    assert lines == [told]
