"""Every error the project raises on purpose.

    ProctorError
    ├── ConfigError          a recipe or a rule file is wrong
    ├── DataError            a frame, a label or a manifest is wrong
    ├── CheckpointError      a training checkpoint cannot be used
    ├── ExportError          an exported network differs from the trained one
    ├── ModelError           an ONNX file is not one the runtime may run
    ├── PackError            a model pack is incomplete, changed or of another version
    ├── SignatureError       a pack is not as it was signed, or a key cannot be used
    ├── VideoError           a recording cannot be read
    ├── TimestampError       time runs backwards
    ├── EvidenceError        findings or pictures cannot be written
    └── RecordError          runs, models or promotions on record cannot be read, or do not allow what is asked

A message names the file and the field, what was expected, what was found, and what to do.
"""

from __future__ import annotations

import reprlib

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxstring, _SHORT.maxother = 3, 8, 120, 120
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = 12


def shown(value: object) -> str:
    """At most 80 characters of `value` for a message, whatever it is.

    Files decide what is shown: a number of a million digits has no ``repr``, and a list that holds itself through
    YAML's anchors a thousandfold has one that fills memory.

    >>> shown("phone"), shown([1, 2]), shown(16**5000)
    ("'phone'", '[1, 2]', 'int')
    """
    try:
        return _SHORT.repr(value)[:80]
    except (ValueError, RecursionError):
        return type(value).__name__


class ProctorError(Exception):
    """Base of the tree: catch it to catch everything the project raises on purpose."""


class ConfigError(ProctorError):
    """A recipe or a rule file is wrong."""


class DataError(ProctorError):
    """A frame, a label or a manifest is wrong."""


class CheckpointError(ProctorError):
    """A training checkpoint cannot be used."""


class ExportError(ProctorError):
    """An exported network differs from the trained one."""


class ModelError(ProctorError):
    """An ONNX file is not one the runtime may run."""


class PackError(ProctorError):
    """A model pack is incomplete, changed or of another version."""


class SignatureError(ProctorError):
    """A pack is not as it was signed, or a key cannot be used."""


class VideoError(ProctorError):
    """A recording cannot be read."""


class TimestampError(ProctorError):
    """Time runs backwards."""


class EvidenceError(ProctorError):
    """Findings or pictures cannot be written."""


class RecordError(ProctorError):
    """Runs, models or promotions on record cannot be read, or do not allow what is asked."""
