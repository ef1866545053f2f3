"""Deals the lines of a CSV file out to two files, in a fixed random order."""

import argparse
import random
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--points", type=Path)
parser.add_argument("--share", type=float)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--train", type=Path)
parser.add_argument("--test", type=Path)
options = parser.parse_args()

head, *lines = options.points.read_text().splitlines()
random.Random(options.seed).shuffle(lines)
cut = round(len(lines) * options.share)
options.train.write_text("\n".join([head, *lines[:cut]]))
options.test.write_text("\n".join([head, *lines[cut:]]))
print(f"{cut} points to train with, {len(lines) - cut} to test")
