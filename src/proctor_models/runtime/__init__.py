"""What a proctoring system runs: frames in, findings with evidence out. Base install only.

For embedding: ``from proctor_models.runtime import Monitor, Pack``; see `Monitor`. The names are loaded when
they are first asked for, so that importing one module of the runtime does not load the nets' engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proctor_models.runtime.events import Event
    from proctor_models.runtime.findings import Finding
    from proctor_models.runtime.held import Clips, Snapshots
    from proctor_models.runtime.monitor import Monitor, Opened, Reported, Step
    from proctor_models.runtime.pack import Pack

__all__ = ["Clips", "Event", "Finding", "Monitor", "Opened", "Pack", "Reported", "Snapshots", "Step"]

_HOME = {
    "Clips": "held",
    "Event": "events",
    "Finding": "findings",
    "Monitor": "monitor",
    "Opened": "monitor",
    "Pack": "pack",
    "Reported": "monitor",
    "Snapshots": "held",
    "Step": "monitor",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
