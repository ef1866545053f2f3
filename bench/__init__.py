"""Figures: measured in one run, told as ratios to a bare loop in that run."""
