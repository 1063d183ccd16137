"""How large what a net computes from constants alone can get: onnxruntime works that out while it loads the net.

What depends on the picture is bounded when it runs (`runtime.model.MAX_MEMORY`). Constants are not: they are folded
before, with memory that no option limits, and thirty concatenations of a value with itself make gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

MAX_CONSTANT = 1 << 26
"""Elements of one value computed from constants, estimated from above."""
_RANK = 16  # of a tensor whose shape is asked for; those of nets have 4
_PRODUCT = frozenset(("Add", "Sub", "Mul", "Div", "Pow", "MatMul", "Gemm", "Gather"))
_NEVER = frozenset(("Resize", "Conv", "AveragePool", "MaxPool"))


@dataclass(frozen=True)
class Node:
    """One operator of a graph."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: int
    """Elements of the tensors in its attributes."""


def fault(nodes: Iterable[Node], tensors: Mapping[str, int]) -> str | None:
    """What is wrong with the constants of a graph; None if loading it stays within bounds.

    Args:
        nodes: in the order of the file, which has to be the order they run in.
        tensors: elements by name of the weights.

    >>> doubled = [Node("Concat", (f"c{i}", f"c{i}"), (f"c{i + 1}",), 0) for i in range(40)]
    >>> fault(doubled, {"c0": 1})
    'expected at most 67108864 numbers in a value made of constants, got up to 134217728 of a Concat'
    >>> fault(doubled, {}) is None
    True
    """
    known, used = dict(tensors), set[str]()
    for node in nodes:
        if used.intersection(node.outputs):
            return f"expected nodes in the order they run, got a {node.operator} after what needs it"
        used.update(node.inputs)
        given = [name for name in node.inputs if name]
        if node.operator == "Shape":
            count = _RANK
        elif all(name in known for name in given):
            if node.operator in _NEVER:
                return f"expected constants to be folded at export, got a {node.operator} of constants"
            count = _count(node, [known[name] for name in given])
        else:
            continue
        if count > MAX_CONSTANT:
            return (
                f"expected at most {MAX_CONSTANT} numbers in a value made of constants, got up to {count} of a "
                f"{node.operator}"
            )
        known |= dict.fromkeys(node.outputs, count)
    return None


def _count(node: Node, sizes: list[int]) -> int:
    if not sizes:
        return node.constants
    if node.operator == "Concat":
        return sum(sizes)
    # The others give as much as their first input, or less.
    return prod(sizes) if node.operator in _PRODUCT else sizes[0]
