"""Every error the project raises on purpose.

    ProctorError
    ├── ConfigError          a recipe or a rule file is wrong
    ├── DataError            a frame, a label or a manifest is wrong
    ├── CheckpointError      a training checkpoint cannot be used
    ├── ExportError          an exported network differs from the trained one
    ├── ModelError           an ONNX file is not one the runtime may run
    ├── PackError            a model pack is incomplete, changed or of another version
    ├── VideoError           a recording cannot be read
    ├── TimestampError       time runs backwards
    └── EvidenceError        findings or pictures cannot be written

A message names the file and the field, what was expected, what was found, and what to do.
"""

from __future__ import annotations


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


class VideoError(ProctorError):
    """A recording cannot be read."""


class TimestampError(ProctorError):
    """Time runs backwards."""


class EvidenceError(ProctorError):
    """Findings or pictures cannot be written."""
