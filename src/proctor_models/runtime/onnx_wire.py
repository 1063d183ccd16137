"""Just enough of ONNX's wire format to tell whether a model keeps its weights in other files.

ONNX lets a tensor point at any path; a runtime that follows it reads files nobody hashed. The check
works on the bytes, before the model is parsed, and needs no ONNX library.
"""

from __future__ import annotations

from collections.abc import Iterator

from proctor_models.errors import ModelError

# Which fields of which message lead to tensors (onnx.proto, stable since 2017).
_LEADS_TO: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # fields of a tensor
_MAX_DEPTH = 40  # subgraphs in subgraphs; ours have none


def external_tensors(data: bytes, where: str) -> int:
    """How many tensors of the model in `data` are kept in other files.

    Raises:
        ModelError: the bytes are not an ONNX model; `where` names the file in the message.

    >>> external_tensors(b"", "empty.onnx")
    0
    """
    try:
        return _count(memoryview(data), "model", 0)
    except (IndexError, ValueError) as error:
        raise ModelError(f"{where}: expected an ONNX model, got other or damaged bytes ({error})") from None


def _count(message: memoryview, kind: str, depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if kind == "tensor":
        return int(any(f == _EXTERNAL_DATA or (f == _DATA_LOCATION and v == 1) for f, v in _fields(message)))
    leads_to = _LEADS_TO[kind]
    return sum(
        _count(value, leads_to[number], depth + 1)
        for number, value in _fields(message)
        if number in leads_to and isinstance(value, memoryview)
    )


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        value: memoryview | int = 0
        if wire == 0:
            value, at = _varint(message, at)
        elif wire == 2:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at > len(message):
            raise ValueError("cut off")
        yield number, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("number too long")
