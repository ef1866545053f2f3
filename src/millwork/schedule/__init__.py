"""Recurring pipelines: the parameter language, the periods, and what an instance waits for.

All of it is pure: what the clock shows and what was recorded are given by whoever asks.
"""
