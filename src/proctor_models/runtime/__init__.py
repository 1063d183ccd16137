"""What a proctoring system runs: frames in, findings with evidence out. Base install only."""
