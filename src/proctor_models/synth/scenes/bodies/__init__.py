"""Bodies, faces, hands and what they do."""
