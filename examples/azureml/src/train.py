"""Fits a line by least squares and keeps it as JSON."""

import argparse
import csv
import json
import statistics
from pathlib import Path

import humanize
from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--points", type=Path)
parser.add_argument("--model", type=Path)
options = parser.parse_args()

rows = list(csv.DictReader(options.points.open()))
xs, ys = ([float(row[name]) for row in rows] for name in "xy")
slope, intercept = statistics.linear_regression(xs, ys)
options.model.write_text(json.dumps({"slope": slope, "intercept": intercept}))
Run.get_context().log("slope", slope)
print(f"a line through {humanize.apnumber(len(rows))} points: y = {slope:.3f} x + {intercept:.3f}")
