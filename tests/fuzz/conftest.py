"""Tiny nets and packs for the fuzz tests."""

from packed import build_net, make_pack, picture, reseal, specs, write_head, write_scene

__all__ = ["build_net", "make_pack", "picture", "reseal", "specs", "write_head", "write_scene"]
