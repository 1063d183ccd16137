"""What we look for: one small file a detector, from an `Observation` to a `Reading`.

The tuple below is the list; a new detector is a new file and one line here.
"""

from __future__ import annotations

from proctor_models.detectors.book_paper import BookPaper
from proctor_models.detectors.earphone import Earphone
from proctor_models.detectors.ears_covered import EarsCovered
from proctor_models.detectors.face_occluded import FaceOccluded
from proctor_models.detectors.hat import Hat
from proctor_models.detectors.mask import Mask
from proctor_models.detectors.multiple_faces import MultipleFaces
from proctor_models.detectors.phone import Phone
from proctor_models.detectors.seat_absence import SeatAbsence
from proctor_models.detectors.spec import Detector

__all__ = ["DETECTORS", "Detector"]

DETECTORS: tuple[Detector, ...] = (
    Phone(),
    Earphone(),
    Mask(),
    MultipleFaces(),
    SeatAbsence(),
    BookPaper(),
    Hat(),
    EarsCovered(),
    FaceOccluded(),
)
