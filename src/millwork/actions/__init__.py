"""Every verb once: check, validate, write. The doors call these and add nothing of their own.

What they need of the world comes in a Context, made in `app`.
"""
