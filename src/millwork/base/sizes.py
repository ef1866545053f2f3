"""Sizes in bytes and durations in seconds, as people write and read them."""

from __future__ import annotations

import re

_SIZE_UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_DURATION_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LARGEST_SIZE = 2**60
_LONGEST_DURATION = 100 * 365 * 86400
_SIZE = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,6}))?(k|[KMGT]i|[MGT])?")
_DURATION = re.compile(r"(?:[0-9]{1,10}(?:\.[0-9]{1,6})?[smhd])+")
_DURATION_PART = re.compile(r"([0-9.]+)([smhd])")


def parse_size(text: str) -> int:
    """Bytes in `2Gi`, `500M` or `1024`; ValueError for anything else."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise ValueError("a size is a number and a unit: 512Mi, 2Gi, 500M")
    whole, fraction, unit = match[1], match[2] or "", _SIZE_UNITS[match[3] or ""]
    count = int(whole + fraction) * unit // int("1" + "0" * len(fraction))
    if count > _LARGEST_SIZE:
        raise ValueError("more than any machine has")
    return count


def write_size(count: int) -> str:
    """A byte count as `parse_size` reads it, exact: `2Gi`."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if count and count % _SIZE_UNITS[unit] == 0:
            return f"{count // _SIZE_UNITS[unit]}{unit}"
    return str(count)


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
    parts = _DURATION_PART.findall(text)
    seconds = sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST_DURATION:
        raise ValueError("more than a hundred years")
    return round(seconds, 6)


def write_duration(seconds: float) -> str:
    """A duration as `parse_duration` reads it, exact to the microsecond: `2h`, `1h30m`, `0.5s`."""
    rest, fraction = divmod(round(seconds * 10**6), 10**6)
    text = ""
    for unit, length in _DURATION_UNITS.items():
        count, rest = divmod(rest, length)
        if unit == "s" and fraction:
            text += f"{count}.{fraction:06d}".rstrip("0") + "s"
        elif count:
            text += f"{count}{unit}"
    return text or "0s"


def format_duration(seconds: float) -> str:
    """A duration for people: `0.4 s`, `2 m 05 s`, `1 h 03 m`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} m"
