"""Join flights, weather and planes as features.sql says, and write the rows as one CSV file."""

import argparse
from pathlib import Path

import duckdb

TABLES = ("flights", "weather", "planes")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for table in TABLES:
        parser.add_argument(f"--{table}", type=Path, required=True, help="Parquet file or folder")
    parser.add_argument("--rows", type=Path, required=True, help="output folder")
    return parser.parse_args()


def parquet_files(path: Path) -> list[str]:
    return [str(file) for file in sorted(path.glob("*.parquet"))] if path.is_dir() else [str(path)]


def main() -> None:
    args = parse_args()
    database = duckdb.connect(config={"threads": 2})
    for table in TABLES:
        database.read_parquet(parquet_files(getattr(args, table))).create_view(table)
    rows = database.sql(Path(__file__).with_name("features.sql").read_text())
    args.rows.mkdir(parents=True, exist_ok=True)
    target = args.rows / "rows.csv"
    rows.write_csv(str(target))
    print(f"rows={len(database.read_csv(str(target)))}")


if __name__ == "__main__":
    main()
