"""What we look for: one small file a detector, from an `Observation` to a `Reading`.

The tuples below are the list; a new detector is a new file and one line here. `TRAINED` are those with labels, and so
with a threshold chosen on validation frames, that a pack ships: single pictures are read and measured by these.
The others read the camera, or boxes that nobody labelled in our frames: a rule that names one gives its `enter` itself.
"""

from __future__ import annotations

from proctor_models.detectors.book_paper import BookPaper
from proctor_models.detectors.camera_covered import CameraCovered
from proctor_models.detectors.camera_dark import CameraDark
from proctor_models.detectors.camera_frozen import CameraFrozen
from proctor_models.detectors.camera_moved import CameraMoved
from proctor_models.detectors.desk_view import DeskView
from proctor_models.detectors.earphone import Earphone
from proctor_models.detectors.ears_covered import EarsCovered
from proctor_models.detectors.face_occluded import FaceOccluded
from proctor_models.detectors.handover import Handover
from proctor_models.detectors.hat import Hat
from proctor_models.detectors.mask import Mask
from proctor_models.detectors.multiple_faces import MultipleFaces
from proctor_models.detectors.phone import Phone
from proctor_models.detectors.seat_absence import SeatAbsence
from proctor_models.detectors.second_display import SecondDisplay
from proctor_models.detectors.spec import Detector

__all__ = ["DETECTORS", "TRAINED", "Detector"]

TRAINED: tuple[Detector, ...] = (
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
DETECTORS: tuple[Detector, ...] = (
    *TRAINED,
    CameraCovered(),
    CameraDark(),
    CameraFrozen(),
    CameraMoved(),
    SecondDisplay(),
    DeskView(),
    Handover(),
)
