"""What a browser has to load before a page can be used, from the build's own manifest."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.web.browser import ASSETS

SHELL, DESIGNER = "index.html", "src/pages/designer/DesignerPage.tsx"
MOST = {"shell": 260.0, "designer": 150.0}  # KB of JavaScript, packed; the designer's besides


def manifest() -> dict[str, dict[str, Any]]:
    """What belongs to what, by source file."""
    found: dict[str, dict[str, Any]] = json.loads(
        (ASSETS / ".vite" / "manifest.json").read_text(encoding="utf-8")
    )
    return found


def needed(source: str) -> set[str]:
    """The chunks that are loaded at once with that of a source file, itself among them."""
    chunks, found, waiting = manifest(), set[str](), [source]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += chunks[name].get("imports", [])
    return found


def packed(names: set[str]) -> float:
    """KB (1,000 bytes) of JavaScript in these chunks, as gzip packs them best."""
    files = {manifest()[name]["file"] for name in names}
    scripts = [ASSETS / file for file in files if file.endswith(".js")]
    return sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) / 1000


def sizes() -> dict[str, float]:
    """KB of the shell, and of what opening the designer loads besides."""
    shell = needed(SHELL)
    return {"shell": packed(shell), "designer": packed(needed(DESIGNER) - shell)}
