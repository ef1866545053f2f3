"""The container engine: a plan's replicas as containers of podman or docker.

Command lines, images and what a container reports of itself live here; the step's contract is
that of the local engine.
"""
