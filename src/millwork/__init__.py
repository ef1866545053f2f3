"""Millwork: components defined once, run anywhere."""

__version__ = "0.1.0"
