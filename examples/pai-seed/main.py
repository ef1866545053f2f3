"""Print each channel's path and each hyperparameter, as the component received them."""

import argparse

CHANNELS = {"Input": ("train", "test"), "Output": ("model", "checkpoints")}
# As on PAI's page, `type=bool`: any text but the empty one is True, "False" as well.
PARAMETERS = {"param1": int, "param2": float, "param3": str, "param4": bool, "param5": int}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for names in CHANNELS.values():
        for name in names:
            parser.add_argument(f"--{name}")
    for name, kind in PARAMETERS.items():
        parser.add_argument(f"--{name}", type=kind)
    return parser.parse_known_args()[0]


def main() -> None:
    args = parse_args()
    for direction, names in CHANNELS.items():
        for name in names:
            print(f"{direction} channel {name}={getattr(args, name)}")
    for name in PARAMETERS:
        print(f"Parameters {name}={getattr(args, name)}")


if __name__ == "__main__":
    main()
