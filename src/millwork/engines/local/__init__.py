"""The local engine: a plan's replicas as processes of this machine.

Recorder, limits, mounts and adoption after a crash live here; pids and paths stay here.
"""
