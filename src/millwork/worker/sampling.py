"""What a sweep tries: AzureML's distributions, and the ways to choose from them.

A distribution gives a value for each number of [0, 1): its quantile. So random, Sobol and
Bayesian sampling differ only in how they find such numbers, and a grid needs none. Values are
text, as a trial takes them.
"""

from __future__ import annotations

import math
from decimal import Decimal
from importlib import import_module
from random import Random
from statistics import NormalDist
from typing import TYPE_CHECKING, Protocol
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

    Values = Dict[str, str]

ALGORITHMS = ("random", "grid", "bayesian")
_REDRAWS = 200
_BITS = 30
# Primitive polynomials and first direction numbers (Joe and Kuo 2008), from the second dimension.
_SOBOL = (
    (1, 0, (1,)), (2, 1, (1, 3)), (3, 1, (1, 3, 1)), (3, 2, (1, 1, 1)), (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)), (5, 2, (1, 1, 5, 5, 17)), (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)), (5, 11, (1, 1, 5, 1, 1)), (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
)  # fmt: skip
_MOST_SOBOL = len(_SOBOL) + 1


class Distribution:
    """What is tried of one value: `given` is its entry in a search space, numbers as text.

    Raises ValueError with what is wrong.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.kind = str(given.get("type", ""))
        self.choices: List[str] = []
        self.step = Decimal(0)
        self._is_log = "log" in self.kind
        self._is_normal = self.kind.endswith("normal")
        if self.kind == "choice":
            self.choices = _choices(given.get("values"))
        elif self.kind == "randint":
            self._upper = int(_number(given, "upper"))
            if self._upper < 1:
                raise ValueError("upper is at least 1")
        elif self._is_normal:
            self._normal = NormalDist(_number(given, "mu"), _positive(given, "sigma"))
        elif self.kind.endswith("uniform"):
            self._low, self._high = _number(given, "min_value"), _number(given, "max_value")
            if self._low > self._high:
                raise ValueError("min_value is above max_value")
        else:
            raise ValueError(f"there is no distribution '{self.kind[:60]}'")
        if self.kind.startswith("q"):
            _positive(given, "q")
            self.step = Decimal(str(given["q"]).strip())

    @property
    def size(self) -> Optional[int]:
        """How many values there are; None if nobody could count them."""
        if self.kind == "randint":
            return self._upper
        return len(self.choices) or None

    def at(self, share: float) -> str:
        """The value below which this share of the draws lies, as text."""
        if self.size:
            index = min(int(share * self.size), self.size - 1)
            return self.choices[index] if self.choices else str(index)
        share = min(max(share, 1e-12), 1 - 1e-12)
        if self._is_normal:
            number = self._normal.inv_cdf(share)
        else:
            number = self._low + (self._high - self._low) * share
        number = math.exp(number) if self._is_log else number
        if self.step:
            return format(self.step * round(number / float(self.step)), "f")
        return repr(number)

    def share_of(self, text: str) -> float:
        """A share at which this value is drawn."""
        if self.size:
            index = self.choices.index(text) if self.choices else int(text)
            return (index + 0.5) / self.size
        number = float(text)
        if self._is_log:
            number = math.log(max(number, 1e-300))
        if self._is_normal:
            return self._normal.cdf(number)
        width = self._high - self._low
        return min(max((number - self._low) / width, 0.0), 1.0) if width else 0.0


def _choices(given: Any) -> List[str]:
    if not isinstance(given, (list, tuple)) or not given:
        raise ValueError("there is nothing to choose from")
    if any(isinstance(value, (list, tuple, dict)) for value in given):
        raise ValueError("a choice that is a list or a mapping is not tried here")
    return list(dict.fromkeys(map(str, given)))


def _number(given: Mapping[str, Any], name: str) -> float:
    try:
        number = float(given[name])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{name} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name} is not a number")
    return number


def _positive(given: Mapping[str, Any], name: str) -> float:
    number = _number(given, name)
    if number <= 0:
        raise ValueError(f"{name} is not above 0")
    return number


def open_space(given: Mapping[str, Any]) -> Dict[str, Distribution]:
    """The distributions of a search space; ValueError names the one that is none."""
    if not given:
        raise ValueError("search_space: there is nothing to try")
    space: Dict[str, Distribution] = {}
    for name, entry in given.items():
        try:
            space[name] = Distribution(entry)
        except ValueError as error:
            raise ValueError(f"search_space: {name}: {error}") from None
    return space


class Sampler(Protocol):
    """Gives the values of one trial after the other; None when there are no others."""

    def ask(self, number: int) -> Optional[Values]:
        """The values of trial `number`, which is one more than the last; the first is 1."""

    def tell(self, number: int, values: Values, result: Optional[float]) -> None:
        """Trial `number` with these values has ended; `result` is None if it came to nothing."""
        del number, values, result  # only some learn from it


class Grid(Sampler):
    """Every combination, the last value changing first."""

    def __init__(self, space: Mapping[str, Distribution]) -> None:
        if any(not distribution.choices for distribution in space.values()):
            raise ValueError("search_space: a grid has choices only")
        self._space = space
        self._count = math.prod(len(one.choices) for one in space.values())

    def ask(self, number: int) -> Optional[Values]:
        """The combination of that number."""
        index = number - 1
        if index >= self._count:
            return None
        found: Values = {}
        for name, one in reversed(list(self._space.items())):
            index, at = divmod(index, len(one.choices))
            found[name] = one.choices[at]
        return {name: found[name] for name in self._space}


class Drawn(Sampler):
    """Values at points that `point` gives by trial and try; nothing is drawn twice.

    Where all values can be counted it ends when each combination has been drawn.
    """

    def __init__(
        self,
        space: Mapping[str, Distribution],
        point: Callable[[int, int], Sequence[float]],
    ) -> None:
        self._space = space
        self._point = point
        self._seen: set[Tuple[str, ...]] = set()

    def ask(self, number: int) -> Optional[Values]:
        """A new draw."""
        sizes = [distribution.size for distribution in self._space.values()]
        combinations = math.prod(size or 0 for size in sizes) if all(sizes) else math.inf
        if len(self._seen) >= combinations:
            return None
        for again in range(_REDRAWS):
            point = self._point(number, again)
            found = tuple(one.at(at) for one, at in zip(self._space.values(), point))  # noqa: B905
            if found not in self._seen:
                self._seen.add(found)
                return dict(zip(self._space, found))  # noqa: B905 - Python 3.8 has no strict
        return None

    def tell(self, number: int, values: Values, result: Optional[float]) -> None:  # noqa: ARG002
        """Remembers the values; what came of them does not matter."""
        self._seen.add(tuple(values.values()))


class Bayesian(Sampler):
    """Optuna's tree-structured Parzen estimator over the shares of the distributions."""

    def __init__(self, space: Mapping[str, Distribution], seed: int, goal: str) -> None:
        optuna: Any = import_module("optuna")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with catch_warnings():
            simplefilter("ignore")  # it calls trials that run at once an experiment
            sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        self._optuna = optuna
        self._study = optuna.create_study(direction=goal, sampler=sampler)
        self._space = space
        self._asked: Dict[int, Any] = {}
        self._domain: Dict[str, Any] = {}
        for name, distribution in space.items():
            if distribution.choices:
                domain = optuna.distributions.CategoricalDistribution(distribution.choices)
            else:
                domain = optuna.distributions.FloatDistribution(0.0, 1.0)
            self._domain[name] = domain

    def ask(self, number: int) -> Optional[Values]:
        """What promises most after what was told."""
        self._asked[number] = trial = self._study.ask(self._domain)
        return {
            name: one.at(trial.params[name]) if not one.choices else trial.params[name]
            for name, one in self._space.items()
        }

    def tell(self, number: int, values: Values, result: Optional[float]) -> None:
        """Learns from it, also if it was not asked for here."""
        failed = self._optuna.trial.TrialState.FAIL
        asked = self._asked.pop(number, None)
        if asked is not None:
            self._study.tell(asked, result, state=failed if result is None else None)
        elif result is not None:
            shares = {
                name: values[name] if one.choices else one.share_of(values[name])
                for name, one in self._space.items()
            }
            trial = self._optuna.trial.create_trial(
                params=shares, distributions=self._domain, value=result
            )
            self._study.add_trial(trial)


def check_settings(algorithm: str, settings: Mapping[str, Any], count: int) -> None:
    """Raises ValueError for an algorithm and settings that do not find `count` values."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"'{algorithm[:60]}' is not one of {', '.join(ALGORITHMS)}")
    if algorithm != "random":
        return
    rule = _rule(settings)
    if rule not in ("random", "sobol"):
        raise ValueError(f"rule: '{rule[:60]}' is not one of random, sobol")
    if rule == "sobol" and count > _MOST_SOBOL:
        raise ValueError(f"rule: sobol takes {_MOST_SOBOL} values at most")
    try:
        int(settings.get("seed") or 0)
    except ValueError:
        raise ValueError("seed is not a whole number") from None


def make_sampler(
    algorithm: str, settings: Mapping[str, Any], given: Mapping[str, Any], seed: int, goal: str
) -> Sampler:
    """The sampler for a search space; `settings` are the algorithm's own (`rule`, `seed`).

    ValueError says why there is none.
    """
    space = open_space(given)
    check_settings(algorithm, settings, len(space))
    if algorithm == "grid":
        return Grid(space)
    if algorithm == "bayesian":
        return Bayesian(space, seed, goal)
    if _rule(settings) == "sobol":
        return Drawn(space, Sobol(len(space), seed))
    return Drawn(space, _Independent(len(space), seed))


def _rule(settings: Mapping[str, Any]) -> str:
    return str(settings.get("rule") or "random").lower()


class _Independent:
    """Points that depend on nothing but the seed and their number."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._seed = seed

    def __call__(self, number: int, again: int) -> Sequence[float]:
        random = Random(f"{self._seed}/{number}/{again}")  # noqa: S311
        return [random.random() for _ in range(self._count)]


class Sobol:
    """Points of a Sobol sequence in up to 13 dimensions, moved as the seed decides."""

    def __init__(self, count: int, seed: int) -> None:
        self._directions = [_directions(dimension) for dimension in range(count)]
        random = Random(seed)  # noqa: S311
        self._shifts = [random.getrandbits(_BITS) for _ in range(count)]
        self._skipped = 0

    def __call__(self, number: int, again: int) -> Sequence[float]:
        """The next point for trial `number`; a point that was drawn in vain is passed over."""
        self._skipped += again > 0
        index = number + self._skipped - 1
        gray = index ^ (index >> 1)
        return [
            (_folded(gray, directions) ^ shift) / 2**_BITS
            for directions, shift in zip(self._directions, self._shifts)  # noqa: B905
        ]


def _directions(dimension: int) -> List[int]:
    if dimension == 0:
        return [1 << (_BITS - bit) for bit in range(1, _BITS + 1)]
    degree, coefficients, first = _SOBOL[dimension - 1]
    found = [number << (_BITS - bit) for bit, number in enumerate(first, 1)]
    for bit in range(degree, _BITS):
        number = found[bit - degree] ^ (found[bit - degree] >> degree)
        for part in range(1, degree):
            if coefficients >> (degree - 1 - part) & 1:
                number ^= found[bit - part]
        found.append(number)
    return found


def _folded(gray: int, directions: Sequence[int]) -> int:
    number = 0
    for bit, direction in enumerate(directions):
        if gray >> bit & 1:
            number ^= direction
    return number
