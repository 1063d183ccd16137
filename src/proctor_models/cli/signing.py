"""Keys, and packs signed with them; `proctor audit verify-pack` is the other half."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_out, add_verb

_OFFLINE = """
The key is yours and stays with you: no server, no certificate, no network. Keep the private file offline, give the
public one to whoever uses packs by another way than the packs themselves.
"""


def _keys(args: argparse.Namespace) -> None:
    from proctor_models.audit.keys import PRIVATE_FILE, fingerprint, read_public, write_keys

    public = write_keys(args.out)
    print(f"keys: {public} (sha256 {fingerprint(read_public(public))})", file=sys.stderr)
    print(f"keys: {args.out / PRIVATE_FILE} signs packs: keep it offline, show it to nobody", file=sys.stderr)


def _sign(args: argparse.Namespace) -> None:
    from proctor_models.audit.signing import sign
    from proctor_models.runtime.pack import SIGNATURE_FILE

    mark = sign(args.pack, args.key)
    print(f"sign: {args.pack / SIGNATURE_FILE} (by key {mark})", file=sys.stderr)


def _verify_pack(args: argparse.Namespace) -> None:
    from proctor_models.audit.signing import verify_pack

    signed = verify_pack(args.pack, args.key)
    print(f"{args.pack}: version {signed.pack.version}, {signed.files} files as signed by key {signed.key_sha256}")
    for net, sha256 in sorted(signed.pack.model_sha256.items()):
        print(f"{net}: sha256 {sha256}")


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare `keys` and `sign`."""
    keys = add_verb(verbs, "keys", _keys, "make a pair of keys to sign packs with", "proctor keys --out ~/proctor-keys")
    keys.description = f"make a pair of keys to sign packs with (NIST P-256, PEM)\n{_OFFLINE}"
    add_out(keys, "into", "folder for both files, outside every git working tree")
    verb = add_verb(
        verbs,
        "sign",
        _sign,
        "sign every file of a pack (OpenSSF Model Signing)",
        "proctor sign --pack export/proctor-pack-demo --key ~/proctor-keys/pack-signing.key.pem",
    )
    add_common(verb, "--pack")
    verb.add_argument("--key", required=True, type=Path, metavar="PEM", help="private key that `keys` wrote")


def add_audit(family: Verbs[argparse.ArgumentParser]) -> None:
    """Declare `audit verify-pack`."""
    verb = add_verb(
        family,
        "verify-pack",
        _verify_pack,
        "hold a pack against its signature and its manifest",
        "proctor audit verify-pack export/proctor-pack-demo --key export/keys/pack-signing-3.pub.pem",
    )
    verb.add_argument("pack", type=Path, metavar="DIR", help="pack folder")
    verb.add_argument("--key", required=True, type=Path, metavar="PEM", help="public key of whoever releases packs")
