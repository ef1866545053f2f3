"""Train a digit reader with DistributedDataParallel; torchrun starts it on each replica."""

import argparse
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import parameters_to_vector
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

TRAIN = 1440


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=96, help="images a step, over all processes")
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=13)
    return parser.parse_args()


def digits() -> tuple[Tensor, Tensor]:
    """The 1,797 images of scikit-learn, 1 x 8 x 8 in [0, 1], and the digit that each shows."""
    # Not load_digits(): importing scikit-learn costs each process two seconds.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = torch.from_numpy(np.loadtxt(str(file), delimiter=",", dtype=np.float32))
    return table[:, :-1].reshape(-1, 1, 8, 8) / 16, table[:, -1].long()


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def train(model: nn.Module, data: TensorDataset, args: argparse.Namespace) -> None:
    """Each process takes its share of each step's images; DDP averages the gradients."""
    share, rest = divmod(args.batch, dist.get_world_size())
    if rest:
        raise SystemExit(f"--batch {args.batch} does not divide by the number of processes")
    sampler: DistributedSampler[TensorDataset] = DistributedSampler(data, seed=args.seed)
    loader = DataLoader(data, share, sampler=sampler, drop_last=True)
    optimizer = torch.optim.SGD(model.parameters(), args.learning_rate, momentum=0.9)
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)
        total = torch.zeros(())
        for images, labels in loader:
            optimizer.zero_grad()
            loss = cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.detach()
        dist.all_reduce(total, dist.ReduceOp.AVG)
        say(f"epoch={epoch} train_loss={total / len(loader):.4f}")


@torch.no_grad()
def measure(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Mean loss and share of right answers; each process answers for its share of the images."""
    mine = slice(dist.get_rank(), None, dist.get_world_size())
    scores = model(images[mine])
    right = (scores.argmax(1) == labels[mine]).sum()
    totals = torch.stack([cross_entropy(scores, labels[mine], reduction="sum"), right])
    dist.all_reduce(totals)
    loss, accuracy = (totals / len(images)).tolist()
    return {"loss": loss, "accuracy": accuracy}


@torch.no_grad()
def compare(model: nn.Module) -> dict[str, float]:
    """The length of all weights, and how far apart they are between processes: DDP promises 0."""
    weights = parameters_to_vector(model.parameters())
    least, most = weights.clone(), weights.clone()
    dist.all_reduce(least, dist.ReduceOp.MIN)
    dist.all_reduce(most, dist.ReduceOp.MAX)
    return {"norm": weights.norm().item(), "spread": (most - least).max().item()}


def say(text: str) -> None:
    if dist.get_rank() == 0:
        print(text)


def main() -> None:
    args = parse_args()
    dist.init_process_group("gloo")
    say(f"processes={dist.get_world_size()}")
    images, labels = digits()
    model = DistributedDataParallel(network(args.seed))
    train(model, TensorDataset(images[:TRAIN], labels[:TRAIN]), args)
    metrics = measure(model.module, images[TRAIN:], labels[TRAIN:]) | compare(model.module)
    for name, value in metrics.items():
        say(f"{name}={value:.6f}")
    if dist.get_rank() == 0:
        args.model.mkdir(parents=True, exist_ok=True)
        torch.save(model.module.state_dict(), args.model / "model.pt")
    dist.barrier()  # a rank that leaves while others still talk makes them abort
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
