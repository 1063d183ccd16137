"""Just enough of ONNX's wire format to refuse what no net of ours holds, before anything parses it.

A model may ask a runtime to read files nobody hashed, to set up tensors of terabytes, to loop without end, or to run
any of hundreds of operators that have had memory errors of their own. Our nets are straight lines of some thirty
operators with their weights inside; only that is let through. The check works on the bytes, reads each once, and
needs no ONNX library. What it is stricter in than protobuf keeps both from reading two things into one file.
"""

from __future__ import annotations

from collections.abc import Iterator

from proctor_models.errors import ModelError
from proctor_models.runtime.onnx_constants import Node, fault

# fmt: off
OPERATORS = frozenset(
    (
        "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Conv", "Div", "Exp",
        "Flatten", "Gather", "Gemm", "GlobalAveragePool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu",
        "MatMul", "MaxPool", "Mul", "Neg", "Pow", "ReduceMean", "ReduceSum", "Relu", "Reshape", "Resize",
        "Shape", "Sigmoid", "Slice", "Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Transpose",
        "Unsqueeze",
    )
)
# fmt: on
"""Operators a net may use: none has a body, state or randomness. Some make much out of little (Resize, Concat, Gather,
MatMul of a column and a row): of constants that is refused here (`runtime.onnx_constants`), of a picture while it runs
(`runtime.model.MAX_MEMORY`)."""
MAX_NODES = 5_000
"""Nodes of a net; ours have 610 at most."""
_MAX_DIMS = 8  # of a tensor; ours have 4
_MAX_FIELDS = 300_000  # read one by one in Python: half a second; ours have 15,000
_DOMAINS = frozenset(("", "ai.onnx"))
_TYPES = (1, 2, 3, 6, 7, 9, 10)  # float, uint8, int8, int32, int64, bool, float16: a byte or more each

# What each message holds that matters here (field numbers of onnx.proto, stable since 2017).
_HOLDS = {
    "model": {7: "graph", 8: "opset"},
    "graph": {1: "node", 5: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 10: "tensor"},
}
_BODY, _SPARSE = "an operator with a body", "sparse weights"
_NEVER = {
    "model": {20: "training information", 25: "functions of its own"},
    "graph": {15: _SPARSE},
    "attribute": {6: _BODY, 11: _BODY, 22: _SPARSE, 23: _SPARSE},
    "tensor": {3: "a tensor in segments", 6: "text", 13: "weights kept in another file"},
}
_DIMS, _TYPE, _NAME, _LOCATION = 1, 2, 8, 14  # fields of a tensor
_ONCE = {("model", 7), ("attribute", 5)}
_NAMES = {
    ("node", 4): (OPERATORS, "operators that nets of ours use (OPERATORS in onnx_wire.py)"),
    ("node", 7): (_DOMAINS, "operators of the ONNX standard alone"),
    ("opset", 1): (_DOMAINS, "operators of the ONNX standard alone"),
}


def check_model(data: bytes, where: str) -> None:
    """Refuse the ONNX model in `data` unless it is a straight line of known operators with its weights inside.

    Raises:
        ModelError: it is not, or the bytes are no ONNX model; `where` names the file in the message.

    >>> check_model(bytes([0xFF, 0xFF]), "net.onnx")
    Traceback (most recent call last):
    proctor_models.errors.ModelError: net.onnx: expected an ONNX model, got other or damaged bytes (cut off)
    """
    try:
        walk = _Walk(where)
        walk.enter(memoryview(data), "model")
        wrong = fault(walk.nodes, walk.tensors)
    except (IndexError, ValueError) as error:
        raise ModelError(f"{where}: expected an ONNX model, got other or damaged bytes ({_reason(error)})") from None
    if wrong is not None:
        raise ModelError(f"{where}: {wrong}")


def _reason(error: Exception) -> str:
    return "cut off" if isinstance(error, IndexError) else str(error)


class _Walk:
    """One pass over a model, counting what it meets."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._fields = 0
        self.nodes: list[Node] = []
        self.tensors: dict[str, int] = {}
        """Elements of each weight."""

    def enter(self, message: memoryview, kind: str) -> int:
        """Check a message and what it holds; elements of the tensors in it."""
        count = 0
        holds, never = _HOLDS.get(kind, {}), _NEVER.get(kind, {})
        seen: set[int] = set()
        for number, value in self._read(message):
            if number in never:
                self._refuse(f"expected all of a net inside one plain graph, got {never[number]}")
            if not isinstance(value, memoryview):
                continue
            # Protobuf joins a single field that comes twice: two harmless tensors become one of another size.
            if number in seen and (kind, number) in _ONCE:
                raise ValueError(f"field {number} twice in one {kind}")
            seen.add(number)
            if (kind, number) in _NAMES:
                self._name(str(value[:60], "utf-8", "replace"), *_NAMES[kind, number])
            inside = holds.get(number)
            if inside == "tensor":
                count += self._tensor(value, is_weight=kind == "graph")
            elif inside == "node":
                self._node(value)
            elif inside:
                count += self.enter(value, inside)
            elif kind == "attribute":
                count += len(value)  # a list of numbers, at a byte or more each
        return count

    def _node(self, message: memoryview) -> None:
        if len(self.nodes) >= MAX_NODES:
            self._refuse(f"expected at most {MAX_NODES} nodes, got more")
        constants = self.enter(message, "node")
        words: dict[int, list[str]] = {1: [], 2: [], 4: []}  # inputs, outputs, operator
        for number, value in _fields(message):
            if number in words and isinstance(value, memoryview):
                words[number].append(str(value, "utf-8", "replace"))
        self.nodes.append(Node("".join(words[4][-1:]), tuple(words[1]), tuple(words[2]), constants))

    def _name(self, name: str, known: frozenset[str], expected: str) -> None:
        if name not in known:
            self._refuse(f"expected {expected}, got {name!r}")

    def _tensor(self, message: memoryview, *, is_weight: bool) -> int:
        """Every element a tensor declares is there: one that declares terabytes weighs terabytes. How many they are."""
        count, dims, name = 1, 0, ""
        for number, value in self._read(message):
            if number in _NEVER["tensor"] or (number == _LOCATION and value != 0):
                what = _NEVER["tensor"].get(number, "weights kept in another file")
                self._refuse(f"expected all weights inside the file, got {what}; export with the weights embedded")
            if number == _NAME and isinstance(value, memoryview):
                name = str(value, "utf-8", "replace")
            if number == _TYPE and value not in _TYPES:
                self._refuse(f"expected tensors of numbers, got data type {value!r}")
            if number == _DIMS:
                for size in [value] if isinstance(value, int) else _packed(value):
                    count, dims = count * size, dims + 1
                    if dims > _MAX_DIMS:
                        self._refuse(f"expected tensors of at most {_MAX_DIMS} dimensions, got more")
        if count > len(message):
            self._refuse(f"expected every tensor's numbers in the file, got {count} in {len(message)} bytes")
        if is_weight:
            self.tensors[name] = count
        return count

    def _read(self, message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
        for field in _fields(message):
            self._fields += 1
            if self._fields > _MAX_FIELDS:
                self._refuse(f"expected at most {_MAX_FIELDS} fields, got more")
            yield field

    def _refuse(self, reason: str) -> None:
        raise ModelError(f"{self._where}: {reason}")


def _packed(message: memoryview) -> Iterator[int]:
    at = 0
    while at < len(message):
        value, at = _varint(message, at)
        yield value


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:  # protobuf cuts larger ones down to some other field's number
            raise ValueError(f"field {number}")
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
