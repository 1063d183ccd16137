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
    from proctor_models.runtime.monitor import Monitor
    from proctor_models.runtime.pack import Pack
    from proctor_models.runtime.steps import Opened, Reported, Step

__all__ = ["Clips", "Event", "Finding", "Monitor", "Opened", "Pack", "Reported", "Snapshots", "Step"]

_HOME = {
    "Clips": "held",
    "Event": "events",
    "Finding": "findings",
    "Monitor": "monitor",
    "Opened": "steps",
    "Pack": "pack",
    "Reported": "steps",
    "Snapshots": "held",
    "Step": "steps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
