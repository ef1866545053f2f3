"""Train a digit reader with MultiWorkerMirroredStrategy on the workers of TF_CONFIG, or alone."""

import argparse
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import tensorflow as tf

TRAIN = 1440
SHAPES = {"w1": (64, 32), "b1": (32,), "w2": (32, 10), "b2": (10,)}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=96, help="images a step, over all workers")
    parser.add_argument("--learning_rate", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=13)
    return parser.parse_args()


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 images of scikit-learn, 64 pixels in [0, 1], and the digit that each shows."""
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(file), delimiter=",", dtype=np.float32)
    return table[:, :-1] / 16, table[:, -1].astype(np.int32)


def network(seed: int) -> dict[str, tf.Variable]:
    """Weights by name; what the workers assign to one is averaged over them."""
    random = np.random.default_rng(seed)
    return {
        name: tf.Variable(
            random.normal(0, (2 / shape[0]) ** 0.5, shape) if len(shape) == 2 else np.zeros(shape),
            dtype=tf.float32,
            aggregation=tf.VariableAggregation.MEAN,
        )
        for name, shape in SHAPES.items()
    }


def loss_of(model: dict[str, tf.Variable], images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    hidden = tf.nn.relu(images @ model["w1"] + model["b1"])
    scores = hidden @ model["w2"] + model["b2"]
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores))


def train(
    strategy: tf.distribute.Strategy, model: dict[str, tf.Variable], args: argparse.Namespace
) -> None:
    """Each worker takes its share of each step's images; the strategy averages the updates."""
    workers = strategy.num_replicas_in_sync
    worker = strategy.cluster_resolver.task_id or 0
    if strategy.cluster_resolver.task_type == "worker":
        worker += len(strategy.cluster_resolver.cluster_spec().as_dict().get("chief", []))
    if args.batch % workers:
        raise SystemExit(f"--batch {args.batch} does not divide by the number of workers")

    def learn(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(model, images, labels)
        for weights, slope in zip(
            model.values(), tape.gradient(loss, list(model.values())), strict=True
        ):
            weights.assign_sub(args.learning_rate * slope)
        return loss

    @tf.function
    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        losses = strategy.run(learn, (images, labels))
        return strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

    images, labels = digits()
    for epoch in range(args.epochs):
        order = np.random.default_rng([args.seed, epoch]).permutation(TRAIN)
        for start in range(0, TRAIN - args.batch + 1, args.batch):
            mine = order[start : start + args.batch][worker::workers]
            loss = step(tf.constant(images[mine]), tf.constant(labels[mine]))
        print(f"epoch={epoch} train_loss={loss:.4f}")


def measure(weights: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean loss and share of right answers on images not seen, and the weights' length."""
    images, labels = (part[TRAIN:] for part in digits())
    hidden = np.maximum(images @ weights["w1"] + weights["b1"], 0)
    scores = hidden @ weights["w2"] + weights["b2"]
    right = scores[np.arange(len(labels)), labels]
    return {
        "loss": float(np.mean(np.log(np.exp(scores).sum(1)) - right)),
        "accuracy": float(np.mean(scores.argmax(1) == labels)),
        "norm": float(np.sqrt(sum((w**2).sum() for w in weights.values()))),
    }


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """The chief if there is one, else the first worker."""
    resolver = strategy.cluster_resolver
    first = "chief" if "chief" in resolver.cluster_spec().as_dict() else "worker"
    return (resolver.task_type or first, resolver.task_id or 0) == (first, 0)


def main() -> None:
    args = parse_args()
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = network(args.seed)
    train(strategy, model, args)
    if is_chief(strategy):
        weights = {name: variable.numpy() for name, variable in model.items()}
        print(f"workers={strategy.num_replicas_in_sync}")
        for name, value in measure(weights).items():
            print(f"{name}={value:.6f}")
        args.model.mkdir(parents=True, exist_ok=True)
        np.savez(args.model / "model.npz", **weights)


if __name__ == "__main__":
    main()
