"""The features of each image, as PAI's elastic batch has it: the program asks for its shards."""

from pathlib import Path

from describe import describe
from millwork_worker import shards

for shard in shards():
    with shard.output("features.jsonl") as out:
        for path in shard.files:
            print(describe(Path(path)), file=out)
