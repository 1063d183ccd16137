from __future__ import annotations

from stages import contents, packed, stages

__all__ = ["contents", "packed", "stages"]
