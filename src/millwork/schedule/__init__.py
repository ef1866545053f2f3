"""Recurring pipelines: when they are due, what an instance waits for, and what becomes of it.

All of it is pure: what the clock shows and what was recorded are given by whoever asks.
"""
