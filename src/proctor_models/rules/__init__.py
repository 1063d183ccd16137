"""Exam rules as data, and how scores over time become findings for review. Standard library only."""
