"""Random numbers that are a pure function of seed, name, item and turn.

No state is kept, so the numbers of a person are the same in whatever order,
chunk or process they are asked for.  Only integer arithmetic decides the bits
(SplitMix64's finaliser over a key and two counters); numpy's own generators
are not used, because their streams may change from one release to the next.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_TURN = 0xD1B54A32D192ED03
_MOST_TRIES = 64


class Draws:
    """The random numbers of one company.

    Parameters
    ----------
    seed : int
        Any integer >= 0.
    version : int
        Version of the generator; another version gives other numbers.
    """

    def __init__(self, seed: int, version: int) -> None:
        self._prefix = f"xudong/{version}/{seed}/"
        self._keys: dict[str, tuple[int, int]] = {}

    def _key(self, name: str) -> tuple[int, int]:
        if name not in self._keys:
            digest = hashlib.sha256((self._prefix + name).encode("utf-8")).digest()
            self._keys[name] = (int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little"))
        return self._keys[name]

    def bits(self, name: str, item: ArrayLike, turn: ArrayLike = 0) -> np.ndarray:
        """Return 64 random bits per item."""
        import numpy as np

        first, second = self._key(name)
        z = _mix(np.atleast_1d(np.asarray(item)).astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(first))
        counter = np.atleast_1d(np.asarray(turn)).astype(np.uint64) * np.uint64(_TURN) + np.uint64(second)
        return _mix(z ^ counter)

    def uniform(self, name: str, item: ArrayLike, turn: ArrayLike = 0) -> np.ndarray:
        """Return numbers strictly between 0 and 1, 53 bits each."""
        import numpy as np

        return ((self.bits(name, item, turn) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def exponential(self, name: str, item: ArrayLike, turn: ArrayLike = 0) -> np.ndarray:
        """Return exponential numbers of mean 1."""
        import numpy as np

        return -np.log(self.uniform(name, item, turn))

    def normal(self, name: str, item: ArrayLike, turn: ArrayLike = 0) -> np.ndarray:
        """Return standard normal numbers (Box and Muller)."""
        import numpy as np

        radius = np.sqrt(2.0 * self.exponential(name, item, turn))
        return radius * np.cos(2.0 * np.pi * self.uniform(name + "/angle", item, turn))

    def gamma(self, name: str, item: np.ndarray, shape: ArrayLike, turn: ArrayLike = 0) -> np.ndarray:
        """Return gamma numbers of scale 1 (Marsaglia and Tsang 2000, with their boost below shape 1)."""
        import numpy as np

        shape = np.broadcast_to(np.asarray(shape, dtype=float), item.shape)
        turn = np.broadcast_to(np.asarray(turn), item.shape)
        low = shape < 1.0
        d = np.where(low, shape + 1.0, shape) - 1.0 / 3.0
        out = np.zeros(item.shape)
        open_ = np.arange(len(item))
        for k in range(_MOST_TRIES):
            x = self.normal(name, item[open_], turn[open_] * _MOST_TRIES + k)
            v = (1.0 + x / np.sqrt(9.0 * d[open_])) ** 3
            u = self.uniform(name + "/try", item[open_], turn[open_] * _MOST_TRIES + k)
            positive = np.maximum(v, 1e-300)
            good = (v > 0) & (np.log(u) < 0.5 * x * x + d[open_] * (1.0 - v + np.log(positive)))
            out[open_[good]] = (d[open_] * v)[good]
            open_ = open_[~good]
            if not len(open_):
                break
        boost = self.uniform(name + "/boost", item, turn) ** (1.0 / shape)
        return np.where(low, out * boost, out)

    def beta(
        self, name: str, item: np.ndarray, a: ArrayLike, b: ArrayLike, turn: ArrayLike = 0
    ) -> np.ndarray:
        """Return beta numbers, made of two gamma numbers."""
        one = self.gamma(name + "/a", item, a, turn)
        return one / (one + self.gamma(name + "/b", item, b, turn))

    def poisson(self, name: str, item: np.ndarray, mean: ArrayLike, turn: ArrayLike = 0) -> np.ndarray:
        """Return Poisson counts by inversion; meant for means up to some tens."""
        import numpy as np

        u = self.uniform(name, item, turn)
        chance = np.exp(-np.broadcast_to(np.asarray(mean, dtype=float), u.shape))
        below, count, k = chance.copy(), np.zeros(u.shape, dtype=np.int64), 0
        while (above := (u > below)).any() and k < 1000:
            k += 1
            chance = chance * mean / k
            count += above
            below += chance
        return count

    def choose(
        self,
        name: str,
        item: ArrayLike,
        weights: ArrayLike,
        turn: ArrayLike = 0,
        row: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return positions drawn by `weights`; with `row`, by that row of a table of weights."""
        import numpy as np

        table = np.cumsum(np.atleast_2d(np.asarray(weights, dtype=float)), axis=1)
        table = table[:, :-1] / table[:, -1:]
        u = self.uniform(name, item, turn)
        if row is None:
            return np.searchsorted(table[0], u, side="right")
        return sum((u >= table[row, k]).astype(np.int64) for k in range(table.shape[1]))

    def permute(self, name: str, item: ArrayLike, size: int, *, back: bool = False) -> np.ndarray:
        """Return the place of `item` in a random order of 0 … size − 1, or with `back` the item at a place.

        A Feistel network of six rounds over the next even number of bits;
        what falls outside is sent through again until it falls inside.
        """
        import numpy as np

        half = max(1, ((max(size, 2) - 1).bit_length() + 1) // 2)
        out = np.atleast_1d(np.asarray(item)).astype(np.uint64)
        outside = np.arange(len(out))
        while len(outside):
            out[outside] = self._feistel(name, out[outside], half, back)
            outside = outside[out[outside] >= size]
        return out.astype(np.int64)

    def _feistel(self, name: str, value: np.ndarray, half: int, back: bool) -> np.ndarray:
        import numpy as np

        bits, mask = np.uint64(half), np.uint64(2**half - 1)
        left, right = value >> bits, value & mask
        for turn in range(5, -1, -1) if back else range(6):
            if back:
                left, right = right ^ (self.bits(name, left, turn) & mask), left
            else:
                left, right = right, left ^ (self.bits(name, right, turn) & mask)
        return (left << bits) | right


def _mix(z: np.ndarray) -> np.ndarray:
    import numpy as np

    z = np.atleast_1d(z)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
