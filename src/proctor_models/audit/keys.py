"""Keys that packs are signed with: elliptic-curve pairs in PEM files, kept offline by whoever releases.

The private key never lies where git could take it up; the public one is published in export/keys/.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from proctor_models.errors import SignatureError
from proctor_models.files import write_bytes
from proctor_models.runtime.plain_files import read_plain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

PRIVATE_FILE = "pack-signing.key.pem"
PUBLIC_FILE = "pack-signing.pub.pem"
CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""Curves the signing format knows; `write_keys` makes the first, NIST P-256."""
_MAX_KEY_BYTES = 1 << 16


def write_keys(folder: Path) -> Path:
    """Make a pair of keys in `folder` (made if need be): the private one for its owner's eyes only.

    Returns:
        The file of the public key.

    Raises:
        SignatureError: keys are there already, or git would take up the private key from there.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private, public = folder / PRIVATE_FILE, folder / PUBLIC_FILE
    there = next((path for path in (private, public) if os.path.lexists(path)), None)
    if there is not None:
        raise SignatureError(f"{there}: a key is there already; keys are never overwritten, name another folder")
    _refuse_git(private)
    made = ec.generate_private_key(ec.SECP256R1())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made with its mode: a key that was readable for a moment has been read.
        handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            stream.flush()
            os.fsync(stream.fileno())
        write_bytes(public, public_pem(made.public_key()))
    except OSError as error:
        raise SignatureError(f"{folder}: keys cannot be written ({error.strerror}); name another folder") from None
    return public


def _refuse_git(path: Path) -> None:
    """Refuse a place inside a git working tree, unless git ignores it there.

    Raises:
        SignatureError: git would take it up, or cannot be asked.
    """
    path = path.absolute()
    there = next(folder for folder in path.parents if folder.is_dir()).resolve()
    tree = next((folder for folder in (there, *there.parents) if os.path.lexists(folder / ".git")), None)
    if tree is None:
        return
    git = shutil.which("git")
    if git is not None:
        words = [git, "-C", str(there), "check-ignore", "--quiet", str(path)]
        if subprocess.run(words, capture_output=True, check=False).returncode == 0:  # noqa: S603
            return
    raise SignatureError(
        f"{path}: a private key may not lie in the git working tree {tree}, where a commit could publish it; name a "
        "folder outside, or one that .gitignore names"
    )


def read_private(path: Path) -> EllipticCurvePrivateKey:
    """The private key in a PEM file that only its owner can read.

    Raises:
        SignatureError: no such file, no key in it, one with a password, of another kind, or others may read it.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _read(path)
    if os.name != "nt" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SignatureError(f"{path}: others may read this private key; `chmod 600` it, or make a new pair")
    if b"PUBLIC KEY" in content:
        raise SignatureError(f"{path}: expected a private key, got a public one; sign with {PRIVATE_FILE}")
    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        raise SignatureError(
            f"{path}: expected a key without a password; write one with `openssl pkcs8 -in KEY -out PLAIN`"
        ) from None
    except Exception:  # whatever the parser makes of bytes that are no key
        raise _no_key(path, "private") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _other_kind(path, type(key).__name__)
    _check_curve(path, key.curve.name)
    return key


def read_public(path: Path) -> EllipticCurvePublicKey:
    """The public key in a PEM file.

    Raises:
        SignatureError: no such file, no key in it, a private key, or one of another kind.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    content = _read(path)
    if b"PRIVATE KEY" in content:
        raise SignatureError(
            f"{path}: expected a public key, got a private one; verify with {PUBLIC_FILE}, and show this file to nobody"
        )
    try:
        key = load_pem_public_key(content)
    except Exception:
        raise _no_key(path, "public") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _other_kind(path, type(key).__name__)
    _check_curve(path, key.curve.name)
    return key


def public_pem(key: EllipticCurvePublicKey) -> bytes:
    """The key as its PEM file holds it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: EllipticCurvePublicKey) -> str:
    """Hash of the key's PEM, 64 hexadecimal digits: what a signature says of the key that made it."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return read_plain(path, _MAX_KEY_BYTES)
    except FileNotFoundError:
        raise SignatureError(f"{path}: no such key; `proctor keys --out DIR` makes a pair") from None
    except (OSError, OverflowError) as error:
        raise SignatureError(f"{path}: expected a PEM file with a key, it cannot be read ({error})") from None


def _no_key(path: Path, which: str) -> SignatureError:
    return SignatureError(
        f"{path}: expected a {which} key in PEM, got something else; name the file that `proctor keys` wrote"
    )


def _other_kind(path: Path, found: str) -> SignatureError:
    kind = found.strip("_").removesuffix("Key").removesuffix("Public").removesuffix("Private")
    return SignatureError(
        f"{path}: expected an elliptic-curve key ({', '.join(CURVES)}), got one of another kind ({kind}); make a pair "
        "with `proctor keys`"
    )


def _check_curve(path: Path, curve: str) -> None:
    if curve not in CURVES:
        raise SignatureError(
            f"{path}: curve: expected {', '.join(CURVES)}, got {curve}; make a pair with `proctor keys`"
        )
