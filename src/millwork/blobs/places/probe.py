"""Tries within an attempt what a job would meet at a URI, and writes down what is allowed.

    python -m millwork.blobs.places.probe

The route is in MILLWORK_PROBE, its secret in MILLWORK_PROBE_SECRET, and the report becomes the
value output `report`.
"""

from __future__ import annotations

import json
import os

from millwork.base.errors import MillworkError
from millwork.base.uris import parse_uri
from millwork.blobs.places.model import Access, Check
from millwork.blobs.places.opening import open_place

ROUTE, SECRET, OUTPUT = "MILLWORK_PROBE", "MILLWORK_PROBE_SECRET", "PAI_OUTPUT_REPORT"


def main() -> None:
    """Tries it all; what is not allowed is no failure of this program."""
    route = json.loads(os.environ.pop(ROUTE))
    fields = {"patience": "5", **route["fields"]}
    uri = parse_uri(route["uri"])
    try:
        place = open_place(uri, Access(fields, os.environ.pop(SECRET, "")))
        checks = place.check(uri)
    except MillworkError as error:
        checks = [Check("list", False, str(error))]
    report = [
        {"what": each.what, "allowed": each.allowed, "says": each.says[:2000]} for each in checks
    ]
    with open(os.environ[OUTPUT], "w", encoding="utf-8") as file:
        json.dump(report, file)


if __name__ == "__main__":
    main()
