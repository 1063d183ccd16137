"""The metadata of a net, whole and damaged."""

from __future__ import annotations

import json

import pytest

from proctor_models.errors import ModelError
from proctor_models.runtime.spec import NetSpec


@pytest.mark.parametrize("net", ["scene", "head", "thing", "outline"])
def test_from_json__reads_back_what_to_json_wrote(specs: dict[str, NetSpec], net: str) -> None:
    assert NetSpec.from_json(specs[net].to_json(), "net") == specs[net]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "metadata schema: expected 1, got 2"),
        ({"extra": 1}, "fields missing or unknown: extra"),
        ({"net": "nose"}, "expected 'scene' or 'head' or 'thing' or 'outline', got 'nose'"),
        ({"resolution_wh": [64]}, "two sizes of 32 to 2048 px"),
        ({"resolution_wh": 64}, "metadata resolution_wh: expected a list"),
        ({"resolution_wh": [64, 5000]}, "two sizes of 32 to 2048 px"),
        ({"names": []}, "expected distinct names"),
        ({"names": ["phone", "phone"]}, "expected distinct names"),
        ({"names": [["phone"]]}, "expected distinct names"),
        ({"mean": None}, "metadata mean: expected a list"),
        ({"mean": ["a", "b", "c"]}, "mean: expected three numbers from 0 up"),
        ({"mean": [float("nan"), 0, 0]}, "not JSON .NaN is not a JSON number"),
        ({"mean": [10**400, 0, 0]}, "not JSON .a number of 401 digits"),
        ({"std": [1, 1]}, "std: expected three numbers above 0"),
        ({"std": [1, 1, 0]}, "std: expected three numbers above 0"),
        ({"pad_value": 300}, "pad_value: expected a grey level of 0 to 255, got 300"),
        ({"pad_value": 1.5}, "pad_value: expected a grey level of 0 to 255, got 1.5"),
        ({"min_face_px": True}, "min_face_px: expected pixels, 0 up, got True"),
        ({"version": ["1.0"]}, "version: expected text"),
        ({"nms_iou": 1e300}, "nms_iou: expected a number of 0 to 1"),
        ({"net": ["scene"]}, "net: expected 'scene' or 'head'"),
        ({"recipe": "\ud800"}, "not JSON .*surrogates not allowed"),
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
    with pytest.raises(ModelError, match="crop_scale: expected a scale of 1 to 10"):
        NetSpec.from_json(text, "net.onnx")


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_from_json__not_an_object(text: str) -> None:
    with pytest.raises(ModelError, match=r"is not JSON|metadata schema: expected 1"):
        NetSpec.from_json(text, "net.onnx")
