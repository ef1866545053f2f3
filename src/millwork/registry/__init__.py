"""Versions, stages, differences and lineage of what has a name: components, data, models, ...

Pure: documents in, documents and verdicts out.
"""
