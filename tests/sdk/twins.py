"""A second function of the same name."""

from millwork import component


@component
def write() -> str:
    """Another one."""
    return "twin"
