"""YAML that refuses a key given twice, of which the plain loader silently takes the last."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml


class _OneOfEach(yaml.SafeLoader):
    """The safe loader, after a look at the keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """As the safe loader does, where no key is given twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    """What a YAML document holds.

    >>> load("batch: 8")
    {'batch': 8}

    Raises:
        yaml.YAMLError: it is no YAML, or a key is given twice.
    """
    return yaml.load(text, _OneOfEach)  # noqa: S506  a safe loader
