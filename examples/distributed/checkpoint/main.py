"""Train a digit reader on plain ranks, with a checkpoint from which a restart goes on exactly."""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector, vector_to_parameters

TRAIN, BATCH, RATE, MOMENTUM = 1440, 96, 0.1, 0.9
STEPS = TRAIN // BATCH


@dataclass
class State:
    """All that the next step depends on."""

    step: Tensor
    weights: Tensor
    momentum: Tensor


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--checkpoint", type=Path, required=True, help="output folder")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds, in each epoch")
    parser.add_argument("--every", type=int, default=5, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=13)
    return parser.parse_args()


def digits() -> tuple[Tensor, Tensor]:
    """The 1,797 images of scikit-learn, 64 pixels in [0, 1], and the digit that each shows."""
    # Not load_digits(): importing scikit-learn costs each process two seconds.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = torch.from_numpy(np.loadtxt(str(file), delimiter=",", dtype=np.float32))
    return table[:, :-1] / 16, table[:, -1].long()


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def save(state: State, file: Path) -> None:
    """Whole or not at all, whenever the process is killed or the machine goes down."""
    spare = file.with_suffix(".tmp")
    with spare.open("wb") as stream:
        torch.save(vars(state), stream)
        stream.flush()
        os.fsync(stream.fileno())
    spare.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def restore(state: State, file: Path) -> None:
    """What rank 0 finds, for every rank: the others need not see its disk."""
    if dist.get_rank() == 0 and file.exists():
        for name, value in torch.load(file, weights_only=True).items():
            getattr(state, name).copy_(value)
    for value in vars(state).values():
        dist.broadcast(value, src=0)


def share_of(step: int, seed: int) -> Tensor:
    """Which images of a step this rank learns from; the order is the epoch's own."""
    epoch, number = divmod(step, STEPS)
    order = torch.randperm(TRAIN, generator=torch.Generator().manual_seed(seed + epoch))
    return order[number * BATCH :][:BATCH][dist.get_rank() :: dist.get_world_size()]


def learn(model: nn.Module, state: State, images: Tensor, labels: Tensor) -> None:
    """One step: gradients summed over the ranks, then momentum, then the weights."""
    model.zero_grad()
    (cross_entropy(model(images), labels, reduction="sum") / BATCH).backward()
    gradient = parameters_to_vector([p.grad for p in model.parameters() if p.grad is not None])
    dist.all_reduce(gradient)
    state.momentum.mul_(MOMENTUM).add_(gradient)
    state.weights.sub_(state.momentum, alpha=RATE)
    vector_to_parameters(state.weights, model.parameters())
    state.step += 1


@torch.no_grad()
def measure(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, float]:
    scores = model(images)
    return {
        "loss": cross_entropy(scores, labels).item(),
        "accuracy": (scores.argmax(1) == labels).float().mean().item(),
        "norm": parameters_to_vector(model.parameters()).norm().item(),
    }


def train(model: nn.Module, args: argparse.Namespace) -> None:
    images, labels = digits()
    weights = parameters_to_vector(model.parameters()).detach().clone()
    state = State(torch.zeros((), dtype=torch.int64), weights, torch.zeros_like(weights))
    file = args.checkpoint / "checkpoint.pt"
    restore(state, file)
    vector_to_parameters(state.weights, model.parameters())
    say(f"first_step={state.step}")
    steps = args.epochs * STEPS
    for step in range(int(state.step), steps):
        if step % STEPS == 0:
            time.sleep(args.pause)  # on demand: longer, for who wants to kill it on the way
            say(f"epoch={step // STEPS} progress={step / steps:.3f}")
        mine = share_of(step, args.seed)
        learn(model, state, images[mine], labels[mine])
        if dist.get_rank() == 0 and (step + 1) % args.every == 0:
            save(state, file)
    for name, value in measure(model, images[TRAIN:], labels[TRAIN:]).items():
        say(f"{name}={value:.9f}")


def say(text: str) -> None:
    if dist.get_rank() == 0:
        print(text)


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    model = network(args.seed)
    try:
        train(model, args)
    except RuntimeError as error:
        sys.exit(f"rank {dist.get_rank()} cannot go on: {error}")
    if dist.get_rank() == 0:
        args.model.mkdir(parents=True, exist_ok=True)
        torch.save(model.state_dict(), args.model / "model.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
