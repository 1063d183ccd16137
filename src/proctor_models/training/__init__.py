"""Fitting the nets: Lightning modules, the losses, what teachers add, and the run as a whole."""
