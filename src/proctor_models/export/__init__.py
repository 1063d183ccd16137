"""From a checkpoint to what others embed: ONNX that equals it, and the pack."""
