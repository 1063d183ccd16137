"""Packs: a whole one loads, and every way of being wrong is refused before a model is parsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from proctor_models.errors import ModelError, PackError
from proctor_models.runtime import pack as pack_module
from proctor_models.runtime.pack import Pack

Writer = Callable[..., Path]


@pytest.fixture
def unparsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test if a model is touched."""

    def load(*_: object) -> None:
        raise AssertionError("a model was loaded before the pack was checked")

    monkeypatch.setattr(pack_module.Net, "from_bytes", load)


def change(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_load__whole(make_pack: Writer) -> None:
    pack = Pack.load(make_pack([("phone", (10, 18, 20, 28), 0.9)]))
    assert pack.version == "1.0"
    assert pack.thresholds == {"phone": 0.5, "earphone": 0.4}
    assert pack.rule_names == ("remote-exam",)
    assert pack.model_sha256["head"] == pack.manifest["files"]["models/head.onnx"]["sha256"]
    assert pack.rules_sha256("remote-exam") == pack.manifest["files"]["rules/remote-exam.json"]["sha256"]
    assert len(pack.predictor().observe(np.zeros((96, 128, 3), np.uint8)).scene) == 1


def test_rules__a_copy(make_pack: Writer) -> None:
    pack = Pack.load(make_pack())
    pack.rules("remote-exam")["name"] = "changed"
    assert pack.rules("remote-exam") == {"name": "remote-exam"}


def test_rules__unknown(make_pack: Writer) -> None:
    with pytest.raises(PackError, match="rules: expected one of remote-exam, got 'driving'"):
        Pack.load(make_pack()).rules("driving")


@pytest.mark.parametrize("name", ["models/scene.onnx", "rules/remote-exam.json", "wheels/runtime.whl"])
def test_load__changed_file(make_pack: Writer, unparsed: None, name: str) -> None:
    folder = make_pack()
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(PackError, match=rf"{name}: sha256: expected [0-9a-f]{{64}}, got"):
        Pack.load(folder)


def test_load__longer_file(make_pack: Writer, unparsed: None) -> None:
    folder = make_pack()
    with (folder / "models" / "head.onnx").open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(PackError, match=r"head\.onnx: size: expected \d+ bytes"):
        Pack.load(folder)


def test_load__missing_file(make_pack: Writer, unparsed: None) -> None:
    folder = make_pack()
    (folder / "wheels" / "runtime.whl").unlink()
    with pytest.raises(PackError, match=r"runtime\.whl: listed in the manifest, but not there"):
        Pack.load(folder)


@pytest.mark.parametrize("name", ["models/weights.bin", ".hidden", "extra/code.py"])
def test_load__extra_file(make_pack: Writer, unparsed: None, name: str) -> None:
    folder = make_pack()
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    with pytest.raises(PackError, match=f"{name}: not listed in the manifest"):
        Pack.load(folder)


@pytest.mark.parametrize("name", ["wheels/runtime.whl", "rules"])
def test_load__link(make_pack: Writer, unparsed: None, tmp_path: Path, name: str) -> None:
    folder = make_pack()
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PackError, match=f"{name}: expected plain files and folders, got a link"):
        Pack.load(folder)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../secret",
            "/etc/hostname",
            "a/../../secret",
            "./a",
            "a//b",
            "a\\b",
            "C:x",
            "manifest.json",
            "",
            ".",
            "..",
            "a/",
        ),
        *("a\0b", "a.", "a /b", "a\nb", "models/..", "é", "ａ", "\u202e", "a\u200bb", "~", "$HOME", "*", "-"),
        *("nul", "models/COM1.txt", "Manifest.json", "Models/Scene.onnx", "/".join("a" * 20)),
    ],
)
def test_load__path_that_climbs_out(make_pack: Writer, unparsed: None, name: str) -> None:
    folder = make_pack()
    files = json.loads((folder / "manifest.json").read_text())["files"]
    change(folder, files=files | {name: {"sha256": "0" * 64, "bytes": 1}})
    with pytest.raises(PackError, match="files: expected relative paths inside the pack"):
        Pack.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "proctor-pack/2"}, "schema: expected 'proctor-pack/1', got 'proctor-pack/2'"),
        ({"version": None}, "version: expected str, got None"),
        ({"files": []}, "files: expected dict"),
        ({"files": {"a": 3}}, "files.a: expected sha256 and bytes"),
        ({"files": {"a": {"sha256": "zz", "bytes": 3}}}, "files.a.sha256: expected 64 hexadecimal digits"),
        ({"models": {"scene": "models/scene.onnx"}}, "models: expected scene and head, got scene"),
        ({"models": {"scene": "models/scene.onnx", "head": "../head.onnx"}}, "models.head: expected a path in `files`"),
        ({"rules": {"x": "rules/x.json"}}, "rules.x: expected a path in `files`"),
    ],
)
def test_load__manifest(make_pack: Writer, unparsed: None, changes: dict[str, object], message: str) -> None:
    folder = make_pack()
    change(folder, **changes)
    with pytest.raises(PackError, match=message):
        Pack.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{" * 100_000, "\ud800"])
def test_load__manifest_is_no_json_object(make_pack: Writer, unparsed: None, text: str) -> None:
    folder = make_pack()
    (folder / "manifest.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(PackError, match=r"manifest\.json: expected"):
        Pack.load(folder)


def test_load__no_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no such manifest; name a pack folder"):
        Pack.load(tmp_path)


def test_load__nets_of_two_versions(make_pack: Writer, write_head: Writer, reseal: Callable[..., None]) -> None:
    folder = make_pack()
    write_head({}, folder / "models" / "head.onnx", version="0.9")
    reseal(folder)
    with pytest.raises(PackError, match=r"head\.onnx: version: expected '1\.0' as the manifest says, got '0\.9'"):
        Pack.load(folder)


def test_load__nets_of_two_thresholds(make_pack: Writer, write_scene: Writer, reseal: Callable[..., None]) -> None:
    folder = make_pack()
    write_scene([], folder / "models" / "scene.onnx", thresholds={"phone": 0.6, "earphone": 0.4})
    reseal(folder)
    with pytest.raises(PackError, match=r"scene\.onnx: thresholds: expected .*0\.5.* got .*0\.6"):
        Pack.load(folder)


def test_load__nets_swapped(make_pack: Writer) -> None:
    folder = make_pack()
    change(folder, models={"scene": "models/head.onnx", "head": "models/scene.onnx"})
    with pytest.raises(PackError, match="net: expected 'scene' as the manifest says, got 'head'"):
        Pack.load(folder)


def test_load__a_file_that_is_no_model(make_pack: Writer, reseal: Callable[..., None]) -> None:
    folder = make_pack()
    (folder / "models" / "scene.onnx").write_bytes(b"\xff" * 5000)
    reseal(folder)
    with pytest.raises(ModelError, match="expected an ONNX model"):
        Pack.load(folder)


def test_load__a_signature_beside_the_manifest(make_pack: Writer) -> None:
    folder = make_pack()
    (folder / "model.sig").write_bytes(b"read by `proctor audit verify-pack` alone")
    assert "model.sig" not in Pack.load(folder).manifest["files"]


@pytest.mark.parametrize(
    ("name", "put", "message"),
    [
        (
            "model.sig",
            lambda path: path.write_bytes(bytes((1 << 20) + 1)),
            r"model\.sig: size: expected at most 1048576",
        ),
        ("model.sig", lambda path: path.mkdir(), r"model\.sig: expected a plain file"),
        ("model.sig", lambda path: path.symlink_to("manifest.json"), r"model\.sig: .*got a link"),
        ("rules/model.sig", lambda path: path.write_bytes(b""), "not listed in the manifest"),
        ("MODEL.SIG", lambda path: path.write_bytes(b""), "not listed in the manifest"),
    ],
)
def test_load__a_signature_only_where_it_belongs(
    make_pack: Writer, unparsed: None, name: str, put: Callable[[Path], object], message: str
) -> None:
    folder = make_pack()
    put(folder / name)
    with pytest.raises(PackError, match=message):
        Pack.load(folder)


def test_load__a_manifest_that_lists_the_signature(make_pack: Writer, reseal: Callable[..., None]) -> None:
    folder = make_pack()
    (folder / "model.sig").write_bytes(b"x")
    reseal(folder)
    with pytest.raises(PackError, match=r"files: expected relative paths .* got 'model\.sig'"):
        Pack.load(folder)
