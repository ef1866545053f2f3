"""Python: pipelines as scripts, and functions as components, by their text alone.

No text is imported or run: what is read is read by `ast`.
"""

from millwork.formats.python.script import write_script

__all__ = ["write_script"]
