"""Count scores, and say how many minutes they are off on average."""

import argparse
import json
from pathlib import Path


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=Path, required=True, help="folder of JSON lines")
    parser.add_argument("--error", type=Path, required=True, help="output file")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    flights, errors = 0, []
    with (args.scores / "scores.jsonl").open() as lines:
        for line in lines:
            row = json.loads(line)
            flights += 1
            if row["actual"] is not None:
                errors.append(abs(row["actual"] - row["predicted"]))
    error = sum(errors) / len(errors)
    args.error.write_text(json.dumps(round(error, 4)))
    print(f"flights={flights}\narrived={len(errors)}\nerror={error:.4f}")


if __name__ == "__main__":
    main()
