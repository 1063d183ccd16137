"""Packs that somebody has touched: refused with a reason, quickly, and before a model of theirs is parsed."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzed import LONG, examples, mangled, told, wrong
from proctor_models.errors import ModelError, PackError
from proctor_models.runtime import pack as pack_module
from proctor_models.runtime.pack import MAX_FILES, Pack

Writer = Callable[..., Path]


@pytest.fixture
def pack(make_pack: Writer) -> Path:
    return make_pack([("phone", (10, 18, 20, 28), 0.9)])


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hashes of all bytes that onnxruntime is given."""
    hashes: list[str] = []
    real = onnxruntime.InferenceSession

    def session(data: bytes, *rest: Any, **more: Any) -> Any:
        assert isinstance(data, bytes), "onnxruntime reads no files by itself"
        hashes.append(hashlib.sha256(data).hexdigest())
        return real(data, *rest, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    return hashes


def listed(folder: Path) -> set[str]:
    return {entry["sha256"] for entry in json.loads((folder / "manifest.json").read_bytes())["files"].values()}


def all_bytes(folder: Path) -> list[tuple[Path, int]]:
    """Every byte of every file but the manifest; in a short run every 97th."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    places = [(path, at) for path in paths for at in range(path.stat().st_size)]
    return places if LONG else places[::97] + places[-5:]


def test_load__any_byte_changed(pack: Path, parsed: list[str]) -> None:
    for path, at in all_bytes(pack):
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        for content in (bytes(changed), whole[:at] + whole[at + 1 :], whole[:at] + b"\0" + whole[at:]):
            path.write_bytes(content)
            with pytest.raises(PackError, match=rf"{path.name}: (sha256|size): expected"):
                Pack.load(pack)
        path.write_bytes(whole)
    assert parsed == []
    Pack.load(pack)
    assert set(parsed) <= listed(pack)


def load(folder: Path, parsed: list[str]) -> None:
    """Load it or not; either way, models other than those listed are never parsed."""
    parsed.clear()
    started = time.perf_counter()
    try:
        Pack.load(folder)
    except (PackError, ModelError) as error:
        told(error, str(folder))
    assert time.perf_counter() - started < 20
    assert set(parsed) <= (listed(folder) if parsed else set())


def test_load__any_manifest(pack: Path, parsed: list[str]) -> None:
    path = pack / "manifest.json"
    whole = json.loads(path.read_bytes())

    @given(wrong(whole).map(lambda raw: json.dumps(raw).encode()) | mangled(path.read_bytes()))
    @examples(80)
    def check(content: bytes) -> None:
        path.write_bytes(content)
        load(pack, parsed)

    check()


def test_load__any_rules_under_their_true_hash(pack: Path, parsed: list[str], reseal: Callable[..., None]) -> None:
    path = pack / "rules" / "remote-exam.json"

    @given(st.binary(max_size=30) | mangled(path.read_bytes()))
    @examples(20)
    def check(content: bytes) -> None:
        path.write_bytes(content)
        reseal(pack)
        load(pack, parsed)

    check()


def test_load__other_bytes_by_the_second_look(pack: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = pack_module.read_plain

    def read(path: Path, *rest: Any, **more: Any) -> bytes:
        content = real(path, *rest, **more)
        path.write_bytes(b"another" * 500)
        return content

    monkeypatch.setattr(pack_module, "read_plain", read)
    hashes = listed(pack)
    loaded = Pack.load(pack)
    assert loaded.rules("remote-exam") == {"name": "remote-exam"}
    assert set(parsed) <= hashes
    assert set(loaded.model_sha256.values()) <= hashes


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero: a file without end
    except PermissionError:
        pytest.skip("devices are made by the superuser alone")


def loop(path: Path) -> None:
    path.symlink_to(path)


def folder_link(path: Path) -> None:
    path.symlink_to(path.parent)


def folder(path: Path) -> None:
    path.mkdir()


ODD = [pipe, listener, device, loop, folder_link, folder]


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", ["models/scene.onnx", "rules/remote-exam.json", "manifest.json", "extra"])
def test_load__what_is_no_file(
    pack: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], name: str
) -> None:
    monkeypatch.chdir(pack)
    (pack / name).unlink(missing_ok=True)
    make(pack / name)
    if (name, make) == ("extra", folder):
        Pack.load(pack)  # an empty folder holds nothing
        return
    with pytest.raises(PackError, match=r"expected|not there|not listed|no such manifest"):
        Pack.load(pack)
    assert parsed == []


def test_load__swapped_for_a_pipe_after_the_listing(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pack_module._check_listing

    def check(folder: Path, files: Any) -> None:
        real(folder, files)
        (folder / "models" / "head.onnx").unlink()
        os.mkfifo(folder / "models" / "head.onnx")

    monkeypatch.setattr(pack_module, "_check_listing", check)
    with pytest.raises(PackError, match=r"head\.onnx: expected a plain file that can be read \(.*not a plain file"):
        Pack.load(pack)


def test_load__hard_links_are_plain_files(pack: Path, tmp_path: Path) -> None:
    os.link(pack / "models" / "head.onnx", tmp_path / "cache")  # as DVC's cache may make them
    Pack.load(pack)


def many(folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(MAX_FILES + 50):
        (folder / "many" / str(number)).touch()


def deep(folder: Path) -> None:
    (folder / "/".join("d" * 200)).mkdir(parents=True)


def huge_and_listed(folder: Path) -> None:
    with (folder / "wheels" / "runtime.whl").open("wb") as stream:
        os.truncate(stream.fileno(), 900 << 30)  # holes: the disk holds nothing of it
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"]["wheels/runtime.whl"]["bytes"] = 900 << 30
    path.write_text(json.dumps(manifest))


def huge(folder: Path) -> None:
    with (folder / "wheels" / "runtime.whl").open("wb") as stream:
        os.truncate(stream.fileno(), 900 << 30)


def huge_manifest(folder: Path) -> None:
    with (folder / "manifest.json").open("ab") as stream:
        os.truncate(stream.fileno(), 900 << 30)


def many_listed(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"] |= {f"f{number}": {"sha256": "0" * 64, "bytes": 0} for number in range(MAX_FILES)}
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("make", [many, deep, huge, huge_and_listed, huge_manifest, many_listed])
def test_load__too_much(pack: Path, parsed: list[str], make: Callable[[Path], None]) -> None:
    make(pack)
    started = time.perf_counter()
    with pytest.raises(PackError, match=r"expected (at most|folders at most|\d+ bytes)|size: expected"):
        Pack.load(pack)
    assert time.perf_counter() - started < 5
    assert parsed == []


@pytest.mark.parametrize("name", ["n" * 5000, "a\0b", "/dev/null", "/dev/zero", "manifest.json"])
def test_load__no_folder(pack: Path, name: str) -> None:
    with pytest.raises(PackError, match="no such manifest"):
        Pack.load(pack / name)


def bad_names() -> Iterator[str]:
    yield from ("a" * 300, "models/scene.onnx/x", "models", "x/" * 8 + "x")


@pytest.mark.parametrize("name", list(bad_names()))
def test_load__names_no_file_can_have_here(pack: Path, parsed: list[str], name: str) -> None:
    path = pack / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    path.write_text(json.dumps(manifest))
    with pytest.raises(PackError, match=r"listed in the manifest, but not there|expected relative paths"):
        Pack.load(pack)
    assert parsed == []
