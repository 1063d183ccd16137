"""Frames and labels: the manifest, what is read into it, how it is split and fed to a net."""
