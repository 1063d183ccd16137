"""BlazeFace in an environment of its own: frames come by standard input, faces and CPU time go out.

`peers.py` starts this with the Python of the environment that has MediaPipe, which wants an older numpy than the
project; nothing of the project is imported here. A frame is one line of JSON with its `shape` and then its bytes,
blue-green-red; the answer is one line with `faces` (x0, y0, x1, y1 as shares of the frame, score) and `cpu_s`.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

SHORT_RANGE = 0  # MediaPipe's model for faces within two metres, as before a webcam


def main(min_score: float) -> None:
    """Answer frames until standard input ends."""
    import mediapipe
    import numpy as np

    net = mediapipe.solutions.face_detection.FaceDetection(
        model_selection=SHORT_RANGE, min_detection_confidence=min_score
    )
    print(json.dumps({"mediapipe": version("mediapipe")}), flush=True)
    for line in iter(sys.stdin.buffer.readline, b""):
        height, width, channels = json.loads(line)["shape"]
        content = sys.stdin.buffer.read(height * width * channels)
        bgr = np.frombuffer(content, np.uint8).reshape(height, width, channels)
        start = time.process_time()
        found = net.process(np.ascontiguousarray(bgr[:, :, ::-1])).detections or []
        cpu_s = time.process_time() - start
        faces = []
        for face in found:
            box = face.location_data.relative_bounding_box
            corners = (box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height)
            faces.append([*map(float, corners), float(face.score[0])])
        print(json.dumps({"faces": faces, "cpu_s": cpu_s}), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
