"""The HTTP door: words of a request to a verb, its answer to JSON, one module a noun.

So far it is that of a run's batches alone, on a socket of the run's own.
"""
