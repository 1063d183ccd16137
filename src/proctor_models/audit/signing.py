"""Packs signed in the OpenSSF Model Signing format, with a key of one's own: no server, no network, no certificate.

`model.sig` is a Sigstore bundle around an in-toto statement that lists the hash of every other file of the pack,
`manifest.json` included (https://github.com/ossf/model-signing-spec). Any tool for that format can verify it:
``model_signing verify key PACK --signature PACK/model.sig --public_key KEY --ignore-paths PACK/model.sig``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.audit.keys import fingerprint, read_private, read_public
from proctor_models.errors import PackError, SignatureError
from proctor_models.files import write_bytes
from proctor_models.runtime import strict_json
from proctor_models.runtime.pack import MANIFEST_FILE, MAX_SIGNATURE_BYTES, SIGNATURE_FILE, Pack
from proctor_models.runtime.plain_files import read_plain

_NAMED = 5  # changed files a message names


@dataclass(frozen=True)
class Signed:
    """A pack whose signature and manifest both hold."""

    pack: Pack
    key_sha256: str
    """Fingerprint of the public key."""
    files: int
    """Files the signature is over."""


def sign(folder: Path, key: Path) -> str:
    """Sign every file of a whole pack into its `model.sig`; a signature that is there is replaced.

    Args:
        folder: the pack.
        key: PEM file of the private key.

    Returns:
        Fingerprint of the public key.

    Raises:
        PackError: it is no whole pack; what is broken is not signed.
        SignatureError: the key cannot be used, or the signature cannot be written.
    """
    from model_signing import signing

    mark = fingerprint(read_private(key).public_key())
    Pack.load(folder)
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / SIGNATURE_FILE
        config = signing.Config().set_hashing_config(_hashing()).use_elliptic_key_signer(private_key=key)
        config.sign(folder.resolve(), made)
        content = made.read_bytes()
    try:
        write_bytes(folder / SIGNATURE_FILE, content)
    except OSError as error:
        raise SignatureError(f"{folder / SIGNATURE_FILE}: cannot be written ({error.strerror})") from None
    return mark


def verify_pack(folder: Path, key: Path) -> Signed:
    """Hold a pack against its signature and its manifest; the signature first, before a model is parsed.

    Args:
        folder: the pack.
        key: PEM file of the public key of those who are trusted to release packs.

    Raises:
        SignatureError: no signature, one that cannot be read, by another key or of another pack, a file that is
            not as it was signed, or a key that cannot be used.
        PackError: the files are as they were signed, and still no whole pack.
    """
    public = read_public(key)
    path = folder / SIGNATURE_FILE
    if not (folder / MANIFEST_FILE).is_file():
        raise PackError(f"{folder / MANIFEST_FILE}: no such manifest; name a pack folder")
    bundle = _bundle(path)
    signed = _signed_hashes(path, bundle)
    by = str(_at(bundle, "verificationMaterial", "publicKey", "hint"))
    if by != fingerprint(public):
        raise SignatureError(
            f"{path}: key: expected a signature by {key} ({fingerprint(public)[:16]}), got one by an unknown key "
            f"({by[:16]}); verify with the key of whoever signed it, if you trust them"
        )
    _check_signature(folder, key, signed)
    pack = Pack.load(folder)
    # What was parsed is what was signed, whoever writes to the folder meanwhile.
    read = {name: str(entry["sha256"]) for name, entry in pack.manifest["files"].items()}
    _compare(folder, {name: sha256 for name, sha256 in signed.items() if name != MANIFEST_FILE}, read)
    return Signed(pack, fingerprint(public), len(signed))


def _check_signature(folder: Path, key: Path, signed: Mapping[str, str]) -> None:
    from cryptography.exceptions import InvalidSignature
    from model_signing import verifying

    config = verifying.Config().set_hashing_config(_hashing()).use_elliptic_key_verifier(public_key=key)
    path = folder / SIGNATURE_FILE
    try:
        config.verify(folder.resolve(), path)
    except InvalidSignature:
        raise SignatureError(
            f"{path}: the signature does not fit what it says it signs: somebody changed it; fetch the pack again, and "
            "do not use this one"
        ) from None
    except Exception as error:  # its parsers, and files of the pack that cannot be read
        _compare(folder, signed, _hashes(folder))
        raise SignatureError(f"{path}: cannot be verified ({str(error)[:200]}); fetch the pack again") from None


def _compare(folder: Path, signed: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Say which files are not as they were signed.

    Raises:
        SignatureError: some are not.
    """
    differ = [f"{name} (changed)" for name in sorted(signed.keys() & found.keys()) if signed[name] != found[name]]
    differ += [f"{name} (missing)" for name in sorted(signed.keys() - found.keys())]
    differ += [f"{name} (not signed)" for name in sorted(found.keys() - signed.keys())]
    if not differ:
        return
    path = folder / SIGNATURE_FILE
    if _fits_manifest(folder, found):
        raise SignatureError(
            f"{path}: a signature of another pack, or of this one before it was packed again: {len(differ)} of "
            f"{len(signed)} files differ, though the manifest here fits them; fetch the pack with its own signature"
        )
    more = f" and {len(differ) - _NAMED} more" if len(differ) > _NAMED else ""
    raise SignatureError(
        f"{folder}: not as it was signed: {', '.join(differ[:_NAMED])}{more}; fetch the pack again, and do not use "
        "this one"
    )


def _fits_manifest(folder: Path, found: Mapping[str, str]) -> bool:
    """Whether the files (path to sha256) are those of the manifest beside them, signature or not."""
    try:
        files = strict_json.loads(read_plain(folder / MANIFEST_FILE, MAX_SIGNATURE_BYTES, links=False))["files"]
        listed = {name: entry["sha256"] for name, entry in files.items()}
    except (OSError, OverflowError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return listed == {name: sha256 for name, sha256 in found.items() if name != MANIFEST_FILE}


def _hashes(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == SIGNATURE_FILE or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            raise SignatureError(f"{path}: expected plain files and folders, got something else; do not use this pack")
        with path.open("rb") as stream:
            found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _hashing() -> Any:
    """Every file but the signature; names that git uses are no exception, as they would be by default."""
    from model_signing import hashing

    return hashing.Config().set_ignored_paths(paths=[SIGNATURE_FILE], ignore_git_paths=False)


def _bundle(path: Path) -> Any:
    try:
        return strict_json.loads(read_plain(path, MAX_SIGNATURE_BYTES, links=False))
    except FileNotFoundError:
        raise SignatureError(
            f"{path}: no signature: this pack was never signed, or somebody took it away; `proctor sign` signs packs"
        ) from None
    except (OSError, OverflowError, ValueError) as error:
        raise _unreadable(path, str(error)) from None


def _signed_hashes(path: Path, bundle: Any) -> dict[str, str]:
    """Path in the pack to the sha256 that the bundle says it has; nobody has checked the signature yet."""
    try:
        statement = strict_json.loads(base64.b64decode(_at(bundle, "dsseEnvelope", "payload"), validate=True))
        resources = _at(statement, "predicate", "resources")
        hashes = {str(entry["name"]): str(entry["digest"]) for entry in resources if entry["algorithm"] == "sha256"}
        if not bundle["dsseEnvelope"]["signatures"][0]["sig"] or len(hashes) != len(resources):
            raise ValueError("hashes of another kind than sha256, or none")
        _at(bundle, "verificationMaterial", "publicKey", "hint")
    except (KeyError, TypeError, IndexError, ValueError, binascii.Error) as error:
        raise _unreadable(path, str(error)) from None
    return hashes


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value[key]
    return value


def _unreadable(path: Path, why: str) -> SignatureError:
    return SignatureError(
        f"{path}: expected a signature in the OpenSSF Model Signing format, got something else ({why[:120]}): cut off "
        "or changed; fetch the pack again"
    )
