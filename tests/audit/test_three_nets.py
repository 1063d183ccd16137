"""Packs of two, three and four nets in one registry: what a pack does not hold is neither asked for nor promoted."""

from __future__ import annotations

from pathlib import Path

from audited import write_pack, write_targets
from proctor_models import tracking
from proctor_models.audit import registry
from proctor_models.audit.packs import read_pack
from proctor_models.audit.promote import Files, promote
from proctor_models.audit.registry import register

GATES = """
schema: proctor-gates/1
candidate: {parity: {min_pictures: 20, score_difference: 0.001, box_iou: 0.99}}
shipped: {signature: required}
"""


def aliases(net: str) -> dict[str, str]:
    client = tracking.open_store(tracking.store_uri())
    return {name: str(v) for name, v in client.get_registered_model(registry.model_name(net)).aliases.items()}


def test_promote__a_third_net_comes_and_goes(store: Path) -> None:
    (store / "gates.yaml").write_text(GATES)
    two, three = write_pack(store / "two"), write_pack(store / "three", version="2.0", thing=0.5)
    assert (read_pack(two).nets, read_pack(three).nets) == (("scene", "head"), ("scene", "head", "thing"))
    files = Files(store / "gates.yaml", write_targets(store / "targets.json", two), store / "promotions.jsonl")

    assert [made.model for made in register(read_pack(two))] == ["proctor-scene", "proctor-head"]
    promote(two, "candidate", files=files)
    assert aliases("scene") == {"candidate": "1"}

    assert [made.version for made in register(read_pack(three))] == ["2", "2", "1"]
    promoted = promote(three, "candidate", files=files)
    assert (aliases("scene"), aliases("thing")) == ({"candidate": "2"}, {"candidate": "1"})
    assert set(promoted.pack.models) == {"scene", "head", "thing"}

    promote(two, "candidate", files=files)
    assert (aliases("scene"), aliases("thing")) == ({"candidate": "1"}, {})


def test_register__a_net_that_nobody_trained(store: Path) -> None:
    pack = read_pack(write_pack(store / "four", thing=0.5, outline=True))
    assert [made.model for made in register(pack)][-1] == "proctor-outline"
    client = tracking.open_store(tracking.store_uri())
    tags = client.get_model_version("proctor-outline", "1").tags
    assert tags["training_run"] == tags["data_version"] == "none: it takes over public weights as they are"
    assert client.get_model_version("proctor-scene", "1").tags["data_version"] == "d" * 64
