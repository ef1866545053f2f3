"""A step that says when it starts and ends; the second one of a chain takes its time."""

import sys
import time
from pathlib import Path

SECONDS = 20


def say(what: str) -> None:
    """Appends a line to the log beside the folder of the steps' files."""
    with (file.parent.parent / "steps.log").open("a") as log:
        log.write(f"{what} {file.name}\n")


file = Path(sys.argv[1])
say("start")
if file.name == "1":
    time.sleep(SECONDS)  # the work: long enough to be killed in
file.write_text("x")
say("end")
