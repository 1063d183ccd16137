"""Photographs of made-up people with what is forbidden painted onto them: quick, and faces as real as photographs."""
