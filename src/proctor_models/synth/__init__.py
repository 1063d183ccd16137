"""Frames and recordings made from photographs of people who do not exist; see `compose` and `exam`."""
