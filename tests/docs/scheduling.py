"""The examples of the language of scheduling parameters, as its page shows them."""

from __future__ import annotations

import csv
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "schedule" / "scheduling-params.tsv"


def examples_table() -> str:
    """Every row of the table that the tests hold, by what it is about."""
    lines = ["| expression | business date | scheduled time | value |", "|---|---|---|---|"]
    with TABLE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            zone = "" if row["tz"] == "Asia/Shanghai" else f" {row['tz']}"
            time = row["cyctime"].replace("T", " ") + zone
            value = "refused" if row["expected"] == "!ERROR" else f"`{row['expected']}`"
            lines.append(f"| `{row['expression']}` | {row['bizdate']} | {time} | {value} |")
    return "\n".join(lines) + "\n"
