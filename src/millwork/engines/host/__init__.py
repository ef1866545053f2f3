"""What engines share whose steps are processes of this machine: recorder, log, watch, end.

An engine adds what its processes are started with, and what must be cleaned up after them.
"""
