"""The language of scheduling parameters: formats, the calendar's arithmetic, and expressions.

It is below the schedules because pipelines are written in it, too.
"""
