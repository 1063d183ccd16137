"""Exam scenes in three dimensions, rendered from both views, with labels from what the picture really shows."""
