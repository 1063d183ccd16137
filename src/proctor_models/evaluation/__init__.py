"""Figures of what ships: the exported nets, through the runtime, against labelled frames."""
