"""The flights pipeline in Python: the same nodes, wires and parameters as pipeline.yaml."""

from pathlib import Path
from typing import Annotated

from millwork import load, pipeline

STEPS = ("extract", "features", "split", "train", "evaluate")
extract, features, split, train, evaluate = (load(Path(__file__).with_name(s)) for s in STEPS)

Rounds = Annotated[int, {"range": [1, 5000]}]
Seed = Annotated[int, {"range": [0, 1_000_000]}]


@pipeline(name="flight-delays")
def flights(rounds: Rounds = 200, seed: Seed = 13):
    """Predicts how late a flight from New York will arrive, at the moment it leaves the gate."""
    days = split(rows=features(**extract().outputs), key="day", seed=seed).outputs
    columns = {"target": "arr_delay", "baseline": "dep_delay", "ignore": "day"}
    model = train(train=days.train, rounds=rounds, **columns).with_(retries=1, timeout="30m")
    return {"model": model, **evaluate(test=days.test, model=model).outputs}


if __name__ == "__main__":
    print(flights.run())
