"""What runs beside the user's code in a job: launcher, environment, shard client.

Standard library only, Python >= 3.8, and nothing of millwork is imported.
"""
