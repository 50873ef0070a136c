"""The renderer: a layout in, a 256x256 picture out. Cairo draws; nothing here is random."""
from .scene import render

__all__ = ["render"]
