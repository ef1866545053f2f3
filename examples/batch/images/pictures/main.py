"""Write scikit-learn's digits, and tiles of its two photographs, as PNG files."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

TILE = 32


def digits() -> Iterator[tuple[str, np.ndarray]]:
    data = load_digits()
    for number, (picture, digit) in enumerate(zip(data.images, data.target, strict=True)):
        yield f"digits/{number:04}-{digit}.png", (picture * 255 / 16).astype(np.uint8)


def tiles() -> Iterator[tuple[str, np.ndarray]]:
    data = load_sample_images()
    for name, picture in zip(data.filenames, data.images, strict=True):
        rows, columns = picture.shape[0] // TILE, picture.shape[1] // TILE
        for row, column in np.ndindex(rows, columns):
            top, left = row * TILE, column * TILE
            place = f"tiles/{Path(name).stem}-{row:02}-{column:02}.png"
            yield place, picture[top : top + TILE, left : left + TILE]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="output folder")
    folder = parser.parse_args().images
    count = 0
    for name, picture in (*digits(), *tiles()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / name)
        count += 1
    print(f"images={count}")


if __name__ == "__main__":
    main()
