"""Train, evaluate, pack and run the vision models behind remote-exam proctoring."""

__version__ = "0.9.0"
