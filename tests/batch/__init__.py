"""The machine of shards."""
