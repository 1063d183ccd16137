"""The metadata of a net, whole and damaged."""

from __future__ import annotations

import json

import pytest

from proctor_models.errors import ModelError
from proctor_models.runtime.spec import NetSpec


@pytest.mark.parametrize("net", ["scene", "head"])
def test_from_json__reads_back_what_to_json_wrote(specs: dict[str, NetSpec], net: str) -> None:
    assert NetSpec.from_json(specs[net].to_json(), "net") == specs[net]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "metadata schema: expected 1, got 2"),
        ({"extra": 1}, "fields missing or unknown: extra"),
        ({"net": "nose"}, "expected 'scene' or 'head', got 'nose'"),
        ({"resolution_wh": [64]}, "two sizes of 32 to 2048 px"),
        ({"resolution_wh": 64}, "metadata resolution_wh: expected a list"),
        ({"resolution_wh": [64, 5000]}, "two sizes of 32 to 2048 px"),
        ({"names": []}, "expected distinct names"),
        ({"names": ["phone", "phone"]}, "expected distinct names"),
        ({"names": [["phone"]]}, "expected distinct names"),
        ({"mean": None}, "metadata mean: expected a list"),
        ({"mean": ["a", "b", "c"]}, "expected numbers from 0 up"),
        ({"mean": [float("nan"), 0, 0]}, "expected numbers from 0 up"),
        ({"std": [1, 1]}, "expected three each"),
        ({"std": [1, 1, 0]}, "std above 0"),
        ({"pad_value": 300}, "at most 255"),
        ({"thresholds": {"phone": 2}}, "thresholds phone: expected a number between 0 and 1, got 2"),
        ({"thresholds": [0.5]}, "expected a number between 0 and 1"),
    ],
)
def test_from_json__refuses(specs: dict[str, NetSpec], changes: dict[str, object], message: str) -> None:
    text = json.dumps(json.loads(specs["scene"].to_json()) | changes)
    with pytest.raises(ModelError, match=f"^net.onnx: .*{message}"):
        NetSpec.from_json(text, "net.onnx")


def test_from_json__head_without_a_crop(specs: dict[str, NetSpec]) -> None:
    text = json.dumps(json.loads(specs["head"].to_json()) | {"crop_scale": 0})
    with pytest.raises(ModelError, match="crop_scale: expected at most 255 and, for head, 1 to 10"):
        NetSpec.from_json(text, "net.onnx")


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_from_json__not_an_object(text: str) -> None:
    with pytest.raises(ModelError, match=r"is not JSON|metadata schema: expected 1"):
        NetSpec.from_json(text, "net.onnx")
