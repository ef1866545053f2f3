"""Train a digit reader with ParameterServerStrategy on the cluster of TF_CONFIG, or alone."""

import argparse
import json
from collections.abc import Callable, Mapping
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import tensorflow as tf

resolvers = tf.distribute.cluster_resolver
TRAIN = 1440
SHAPES = {"w1": (64, 32), "b1": (32,), "w2": (32, 10), "b2": (10,)}
Model = Mapping[str, tf.Variable]
Schedule = Callable[[tf.Tensor, tf.Tensor], object]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--checkpoints", type=Path, required=True, help="output folder")
    parser.add_argument("--evaluation", type=Path, required=True, help="output folder")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32, help="images a step of one worker")
    parser.add_argument("--learning_rate", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=13)
    return parser.parse_args()


def cluster() -> resolvers.SimpleClusterResolver:
    """TF_CONFIG without the evaluator: the chief would wait for a server of its."""
    found = resolvers.TFConfigClusterResolver()
    jobs = found.cluster_spec().as_dict()
    jobs.pop("evaluator", None)
    return resolvers.SimpleClusterResolver(
        tf.train.ClusterSpec(jobs),
        task_type=found.task_type,
        task_id=found.task_id,
        rpc_layer="grpc",
    )


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 images of scikit-learn, 64 pixels in [0, 1], and the digit that each shows."""
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(file), delimiter=",", dtype=np.float32)
    return table[:, :-1] / 16, table[:, -1].astype(np.int32)


def network(seed: int) -> Model:
    random = np.random.default_rng(seed)
    return {
        name: tf.Variable(
            random.normal(0, (2 / shape[0]) ** 0.5, shape) if len(shape) == 2 else np.zeros(shape),
            dtype=tf.float32,
        )
        for name, shape in SHAPES.items()
    }


def learner(model: Model, rate: float) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """One step of one worker; the weights may change under it, as others are at work."""

    @tf.function
    def learn(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            hidden = tf.nn.relu(images @ model["w1"] + model["b1"])
            scores = hidden @ model["w2"] + model["b2"]
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            mean = tf.reduce_mean(loss)
        slopes = tape.gradient(mean, list(model.values()))
        for weights, slope in zip(model.values(), slopes, strict=True):
            weights.assign_sub(rate * slope)
        return mean

    return learn


def train(
    model: Model, schedule: Schedule, join: Callable[[], None], args: argparse.Namespace
) -> None:
    """Hand out an epoch's steps, wait for them, write a checkpoint; begin after the last one."""
    images, labels = digits()
    epoch = tf.Variable(0, dtype=tf.int64)
    state = tf.train.Checkpoint(epoch=epoch, **model)
    manager = tf.train.CheckpointManager(state, str(args.checkpoints), max_to_keep=None)
    state.restore(manager.latest_checkpoint)
    while epoch < args.epochs:
        order = np.random.default_rng([args.seed, int(epoch)]).permutation(TRAIN)
        for start in range(0, TRAIN - args.batch + 1, args.batch):
            batch = order[start : start + args.batch]
            schedule(tf.constant(images[batch]), tf.constant(labels[batch]))
        join()
        epoch.assign_add(1)
        manager.save(checkpoint_number=epoch)
        print(f"epoch={int(epoch)}")


def coordinate(args: argparse.Namespace) -> Model:
    """The chief's part: the model as the workers have trained it."""
    # Each variable lies whole on one server: they are too small to be cut up.
    strategy = tf.distribute.ParameterServerStrategy(cluster())
    jobs = cluster().cluster_spec().as_dict()
    print(f"workers={len(jobs['worker'])} servers={len(jobs['ps'])}")
    coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
    with strategy.scope():
        model = network(args.seed)
    learn = learner(model, args.learning_rate)
    train(model, lambda *batch: coordinator.schedule(learn, batch), coordinator.join, args)
    return model


def train_alone(args: argparse.Namespace) -> Model:
    print("workers=1 servers=0")
    model = network(args.seed)
    train(model, learner(model, args.learning_rate), lambda: None, args)
    return model


def measure(weights: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Mean loss and share of right answers on images not seen."""
    images, labels = (part[TRAIN:] for part in digits())
    hidden = np.maximum(images @ weights["w1"] + weights["b1"], 0)
    scores = hidden @ weights["w2"] + weights["b2"]
    right = scores[np.arange(len(labels)), labels]
    return {
        "loss": float(np.mean(np.log(np.exp(scores).sum(1)) - right)),
        "accuracy": float(np.mean(scores.argmax(1) == labels)),
    }


def values(model: Model) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in model.items()}


def evaluate(args: argparse.Namespace) -> None:
    """The evaluator's part: each checkpoint as it comes, until the last one."""
    model, epoch = network(args.seed), tf.Variable(0, dtype=tf.int64)
    args.evaluation.mkdir(parents=True, exist_ok=True)
    with (args.evaluation / "evaluation.jsonl").open("w") as lines:
        for path in tf.train.checkpoints_iterator(str(args.checkpoints)):
            tf.train.Checkpoint(epoch=epoch, **model).restore(path).expect_partial()
            found = {"epoch": int(epoch), **measure(values(model))}
            print(json.dumps(found), file=lines, flush=True)
            print(f"checkpoint of epoch {int(epoch)}: {found['accuracy']:.4f} right")
            if epoch >= args.epochs:
                return


def finish(model: Model, args: argparse.Namespace) -> None:
    for name, value in measure(values(model)).items():
        print(f"{name}={value:.6f}")
    args.model.mkdir(parents=True, exist_ok=True)
    np.savez(args.model / "model.npz", **values(model))


def main() -> None:
    args = parse_args()
    role = resolvers.TFConfigClusterResolver().task_type
    if role in ("worker", "ps"):
        here = cluster()
        tf.distribute.Server(
            here.cluster_spec(), job_name=role, task_index=here.task_id, protocol="grpc"
        ).join()
    elif role == "evaluator":
        evaluate(args)
    else:
        finish(coordinate(args) if role else train_alone(args), args)


if __name__ == "__main__":
    main()
