"""Labelled frames of people who do not exist."""
