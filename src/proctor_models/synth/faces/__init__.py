"""Earphones, masks and phones painted onto photographed faces: the cheap complement to made-up people.

The base photographs are frames of a dataset version; their labels, persons and rights travel with the result.
"""
