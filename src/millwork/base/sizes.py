"""Sizes in bytes and durations in seconds, as people write and read them."""

from __future__ import annotations

import re

_SIZE_UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_DURATION_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([kMGT]i?|Ki)?")
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,6})?[smhd])+")
_DURATION_PART = re.compile(r"([\d.]+)([smhd])")


def parse_size(text: str) -> int:
    """Bytes in `2Gi`, `500M` or `1024`; ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError("a size is a number and a unit: 512Mi, 2Gi, 500M")
    return int(float(match[1]) * _SIZE_UNITS[match[2] or ""])


def format_size(count: float) -> str:
    """A byte count for people: `1.5 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def parse_duration(text: str) -> float:
    """Seconds in `90s`, `30m`, `2h`, `1h30m` or `1d`; ValueError for anything else."""
    if not _DURATION.fullmatch(text):
        raise ValueError("a duration is numbers with units: 90s, 30m, 2h, 1h30m, 1d")
    return sum(
        float(number) * _DURATION_UNITS[unit] for number, unit in _DURATION_PART.findall(text)
    )


def format_duration(seconds: float) -> str:
    """A duration for people: `0.4 s`, `2 m 05 s`, `1 h 03 m`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} m"
