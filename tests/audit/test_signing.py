"""Signed packs: whole ones verify, and every change, mix-up and damage is named."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from proctor_models.audit import signing
from proctor_models.audit.keys import PRIVATE_FILE, PUBLIC_FILE, fingerprint, read_private, read_public, write_keys
from proctor_models.audit.signing import sign, verify_pack
from proctor_models.cli import main
from proctor_models.errors import PackError, SignatureError
from proctor_models.runtime.pack import Pack

FILES = ("manifest.json", "models/scene.onnx", "models/head.onnx", "rules/remote-exam.json", "wheels/runtime.whl")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    write_keys(folder)
    return folder


@pytest.fixture
def signed(keys: Path, make_pack: Callable[..., Path]) -> Path:
    pack = make_pack()
    sign(pack, keys / PRIVATE_FILE)
    return pack


def pem(path: Path, key: object, *, password: bytes | None = None) -> Path:
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    path.touch(0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))  # type: ignore[attr-defined]
    return path


def public_of(path: Path, key: object) -> Path:
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))  # type: ignore[attr-defined]
    return path


def test_sign__whole_under_any_name(signed: Path, keys: Path) -> None:
    copy = signed.rename(signed.with_name("renamed"))
    found = verify_pack(copy, keys / PUBLIC_FILE)
    assert found.pack.version == Pack.load(copy).version
    assert found.key_sha256 == fingerprint(read_public(keys / PUBLIC_FILE))
    assert found.files == len(found.pack.manifest["files"]) + 1


def test_sign__any_tool_for_the_format_agrees(signed: Path, keys: Path) -> None:
    path, key = str(signed / "model.sig"), str(keys / PUBLIC_FILE)
    words = [sys.executable, "-m", "model_signing", "verify", "key", str(signed), "--signature", path]
    words += ["--public_key", key, "--ignore-paths", path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Verification succeeded" in done.stdout


@pytest.mark.parametrize("name", FILES)
def test_verify_pack__any_changed_file_is_named(signed: Path, keys: Path, name: str) -> None:
    content = bytearray((signed / name).read_bytes())
    content[len(content) // 2] ^= 1
    (signed / name).write_bytes(content)
    with pytest.raises(SignatureError, match=rf"not as it was signed: {name} \(changed\)"):
        verify_pack(signed, keys / PUBLIC_FILE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pack: (pack / "rules/remote-exam.json").unlink(), r"rules/remote-exam\.json \(missing\)"),
        (lambda pack: (pack / "more.txt").write_text("more"), r"more\.txt \(not signed\)"),
        (lambda pack: (pack / ".gitattributes").write_text("more"), r"\.gitattributes \(not signed\)"),
        (lambda pack: (pack / "more.txt").symlink_to("manifest.json"), "expected plain files and folders"),
        (lambda pack: (pack / "model.sig").unlink(), r"model\.sig: no signature: this pack was never signed"),
        (
            lambda pack: (pack / "model.sig").write_bytes(b""),
            "expected a signature in the OpenSSF Model Signing format",
        ),
        (lambda pack: (pack / "model.sig").write_bytes(bytes(2 << 20)), "got something else .2097152 bytes"),
        (lambda pack: (pack / "model.sig").write_text('{"mediaType": 1}'), "expected a signature in the OpenSSF"),
        (lambda pack: (pack / "model.sig").write_text("[]"), "expected a signature in the OpenSSF"),
    ],
)
def test_verify_pack__refusals(signed: Path, keys: Path, change: Callable[[Path], object], message: str) -> None:
    change(signed)
    with pytest.raises(SignatureError, match=message):
        verify_pack(signed, keys / PUBLIC_FILE)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_verify_pack__a_signature_cut_off(signed: Path, keys: Path, share: float) -> None:
    path = signed / "model.sig"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(SignatureError, match=r"model\.sig: expected a signature .*cut off or changed"):
        verify_pack(signed, keys / PUBLIC_FILE)


def test_verify_pack__a_signature_that_lists_other_hashes(signed: Path, keys: Path) -> None:
    path = signed / "model.sig"
    bundle = json.loads(path.read_text())
    statement = base64.b64decode(bundle["dsseEnvelope"]["payload"]).replace(b"remote-exam", b"remote-exbm")
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(statement).decode()
    path.write_text(json.dumps(bundle))
    with pytest.raises(SignatureError, match="does not fit what it says it signs"):
        verify_pack(signed, keys / PUBLIC_FILE)


def test_verify_pack__signature_of_another_pack(
    signed: Path, keys: Path, reseal: Callable[..., None], tmp_path: Path
) -> None:
    kept = (signed / "model.sig").read_bytes()
    (signed / "model.sig").unlink()
    (signed / "rules" / "remote-exam.json").write_text('{"name": "remote-exam", "title": "another"}')
    reseal(signed)
    (signed / "model.sig").write_bytes(kept)
    with pytest.raises(SignatureError, match="a signature of another pack, or of this one before"):
        verify_pack(signed, keys / PUBLIC_FILE)


def test_verify_pack__by_an_unknown_key(signed: Path, tmp_path: Path) -> None:
    other = write_keys(tmp_path / "other")
    with pytest.raises(SignatureError, match=r"key: expected a signature by .*, got one by an unknown key"):
        verify_pack(signed, other)
    # The name of a key in a bundle is signed by nobody: it proves nothing.
    bundle = json.loads((signed / "model.sig").read_text())
    bundle["verificationMaterial"]["publicKey"]["hint"] = fingerprint(read_public(other))
    (signed / "model.sig").write_text(json.dumps(bundle))
    with pytest.raises(SignatureError, match="does not fit what it says it signs"):
        verify_pack(signed, other)


def test_verify_pack__nothing_is_parsed_before_the_signature_holds(
    signed: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (signed / "more.txt").write_text("more")
    monkeypatch.setattr(signing.Pack, "load", lambda *_: pytest.fail("parsed"))
    with pytest.raises(SignatureError, match="more"):
        verify_pack(signed, keys / PUBLIC_FILE)


def test_verify_pack__no_pack(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(PackError, match=r"manifest\.json: no such manifest; name a pack folder"):
        verify_pack(tmp_path, keys / PUBLIC_FILE)


def test_sign__a_broken_pack_is_not_signed(signed: Path, keys: Path) -> None:
    before = (signed / "model.sig").read_bytes()
    (signed / "rules" / "remote-exam.json").write_text("{}")
    with pytest.raises(PackError, match=r"remote-exam\.json: size"):
        sign(signed, keys / PRIVATE_FILE)
    assert (signed / "model.sig").read_bytes() == before


def test_sign__with_a_new_key_replaces_the_signature(signed: Path, keys: Path, tmp_path: Path) -> None:
    other = write_keys(tmp_path / "other")
    sign(signed, other.with_name(PRIVATE_FILE))
    verify_pack(signed, other)
    with pytest.raises(SignatureError, match="unknown key"):
        verify_pack(signed, keys / PUBLIC_FILE)


def test_write_keys__private_and_never_over_others(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        public = write_keys(tmp_path / "new")
    finally:
        os.umask(old)
    private = public.with_name(PRIVATE_FILE)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    assert read_private(private).public_key() == read_public(public)
    before = private.read_bytes()
    with pytest.raises(SignatureError, match="a key is there already"):
        write_keys(tmp_path / "new")
    assert private.read_bytes() == before


def test_write_keys__not_where_git_would_take_it(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("/kept/\n")
    with pytest.raises(SignatureError, match="may not lie in the git working tree"):
        write_keys(tmp_path / "deep" / "keys")
    assert not (tmp_path / "deep").exists()
    assert write_keys(tmp_path / "kept").is_file()


def test_write_keys__git_that_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("/kept/\n")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SignatureError, match="may not lie in the git working tree"):
        write_keys(tmp_path / "kept")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: pem(path, rsa.generate_private_key(65537, 2048)), r"one of another kind \(RSA\)"),
        (lambda path: pem(path, ed25519.Ed25519PrivateKey.generate()), r"one of another kind \(Ed25519\)"),
        (lambda path: pem(path, ec.generate_private_key(ec.SECP256K1())), "curve: expected .* got secp256k1"),
        (lambda path: pem(path, ec.generate_private_key(ec.SECP256R1()), password=b"x"), "without a password"),
        (lambda path: public_of(path, ec.generate_private_key(ec.SECP256R1())), "expected a private key, got a public"),
        (lambda path: path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "in PEM, got"),
        (lambda path: path.write_bytes(b"\0\1"), "expected a private key in PEM, got something else"),
        (lambda path: path.write_bytes(bytes(1 << 17)), "it cannot be read"),
        (lambda path: path.mkdir(), "it cannot be read"),
        (lambda _: None, "no such key; `proctor keys"),
    ],
)
def test_read_private__refusals(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    path = tmp_path / "key.pem"
    make(path)
    if path.is_file():
        path.chmod(0o600)
    with pytest.raises(SignatureError, match=message):
        read_private(path)


def test_read_private__others_may_read_it(tmp_path: Path) -> None:
    path = pem(tmp_path / "key.pem", ec.generate_private_key(ec.SECP256R1()))
    path.chmod(0o640)
    with pytest.raises(SignatureError, match="others may read this private key; `chmod 600`"):
        read_private(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: public_of(path, rsa.generate_private_key(65537, 2048)), r"one of another kind \(RSA\)"),
        (lambda path: public_of(path, ec.generate_private_key(ec.SECP256K1())), "curve: expected"),
        (lambda path: pem(path, ec.generate_private_key(ec.SECP256R1())), "expected a public key, got a private one"),
        (lambda path: path.write_text("-----BEGIN PUBLIC KEY-----\nAA"), "expected a public key in PEM"),
        (lambda _: None, "no such key"),
    ],
)
def test_read_public__refusals(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    make(tmp_path / "key.pem")
    with pytest.raises(SignatureError, match=message):
        read_public(tmp_path / "key.pem")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()])
def test_sign__other_curves_of_the_format(signed: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    made = ec.generate_private_key(curve)
    sign(signed, pem(tmp_path / "key.pem", made))
    verify_pack(signed, public_of(tmp_path / "pub.pem", made))


def test_verbs__from_keys_to_a_verdict(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (signed / "model.sig").unlink()
    monkeypatch.chdir(signed.parent)
    out = tmp_path / "mine"
    assert main(["keys", "--out", str(out)]) == 0
    assert main(["sign", "--pack", signed.name, "--key", str(out / PRIVATE_FILE)]) == 0
    assert main(["audit", "verify-pack", signed.name, "--key", str(out / PUBLIC_FILE)]) == 0
    assert "files as signed by key" in capsys.readouterr().out
    (signed / "rules" / "remote-exam.json").write_text("{}")
    assert main(["audit", "verify-pack", signed.name, "--key", str(out / PUBLIC_FILE)]) == 1
    assert "proctor audit: " in capsys.readouterr().err
