"""What a scene net takes for a thing on training frames: the crops that `thing` will be asked about.

A second net learns most from the first one's errors ("Training region-based object detectors with online hard example
mining", Shrivastava et al., CVPR 2016).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from proctor_models.data.manifest import Manifest
from proctor_models.data.things import Corners
from proctor_models.errors import CheckpointError
from proctor_models.files import write_text
from proctor_models.nets.checkpoint import load_net
from proctor_models.nets.scene import SceneNet
from proctor_models.runtime.image import fit
from proctor_models.training.teacher import look

PROPOSALS_FILE = "proposals.json"
MIN_SCORE = 0.05
"""Boxes scored lower are not learnt from. The runtime asks about surer ones; the others are as hard, and more."""

Proposals = dict[str, list[Corners]]  # by frame id, in frame pixels


def propose(checkpoint: Path, manifest: Manifest, names: Sequence[str], keep: Path) -> Proposals:
    """Boxes of `names` that a scene net finds on frames which label them all; those that a stopped run kept, first.

    Args:
        checkpoint: folder of the scene net.
        manifest: frames to look at.
        names: classes of the boxes.
        keep: folder where they are kept for a resumed run.

    Raises:
        CheckpointError: no scene net there, or one that does not draw `names`.
    """
    kept = keep / PROPOSALS_FILE
    if kept.is_file():
        return {frame: [(a, b, c, d) for a, b, c, d in boxes] for frame, boxes in json.loads(kept.read_text()).items()}
    net, spec = load_net(checkpoint)
    if not isinstance(net, SceneNet) or not set(names) <= set(spec.names):
        raise CheckpointError(f"{checkpoint}: expected a scene net that draws {', '.join(names)}, got {spec.net}")
    asked = manifest.with_frames(f for f in manifest if set(names) <= set(f.labelled))
    wanted = [spec.names.index(name) for name in names]
    found: Proposals = {}
    for frame, (xyxy, _, label) in look(net, asked, spec, MIN_SCORE):
        mine = np.isin(label.numpy(), wanted)
        boxes = fit((frame.width, frame.height), spec.resolution_wh).to_frame(xyxy.numpy()[mine])
        boxes = np.clip(boxes, 0, [frame.width, frame.height] * 2)
        if len(boxes):
            found[frame.id] = [(a, b, c, d) for a, b, c, d in boxes.round(1).tolist()]
    write_text(kept, json.dumps(found))
    return found
