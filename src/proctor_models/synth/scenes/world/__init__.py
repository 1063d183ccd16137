"""Rooms, light, furniture, and things on desks and in hands."""
