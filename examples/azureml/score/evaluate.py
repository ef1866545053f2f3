"""The mean absolute error of a line on points that it has not seen."""

import argparse
import csv
import json
import statistics
from pathlib import Path

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--model", type=Path)
parser.add_argument("--points", type=Path)
parser.add_argument("--digits", type=int, default=3)
parser.add_argument("--report", type=Path)
options = parser.parse_args()

line = json.loads(options.model.read_text())
errors = [
    abs(float(row["y"]) - line["slope"] * float(row["x"]) - line["intercept"])
    for row in csv.DictReader(options.points.open())
]
mae = round(statistics.fmean(errors), options.digits)
(options.report / "report.json").write_text(json.dumps({"mae": mae, "points": len(errors)}))
Run.get_context().log("mae", mae)
