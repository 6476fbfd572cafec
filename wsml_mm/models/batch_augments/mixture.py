"""Which images of a batch are mixed, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixture:
    """Weighted sums of the images of a batch; both tensors are on the CPU.

    Args:
        members: (B, K) int64, rows of the batch; the first is the image itself.
        weights: (B, K) float32 that sum to 1; 0: no part of it.
    """

    members: Tensor
    weights: Tensor

    def blend(self, rows: Tensor) -> Tensor:
        """Returns the weighted sums of the rows of a (B, ...) tensor, its type and shape."""
        members, weights = self.members.to(rows.device), self.weights.to(rows)
        shape = (-1, *[1] * (rows.ndim - 1))
        mixed = rows * weights[:, 0].view(shape)
        for place in range(1, members.shape[1]):  # not all at once: K times the memory
            mixed = mixed + rows[members[:, place]] * weights[:, place].view(shape)
        return mixed

    def gather(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the labels of the members, (B, K, C), and whether they take part, (B, K, 1)."""
        return labels[self.members.to(labels.device)], (self.weights > 0)[..., None].to(
            labels.device
        )


def draw_partners(rows: int, partners: int) -> Tensor:
    """Draws partners among the other images of a batch, with replacement, (B, 1 + partners).

    The first column is the image itself, which is also its own partner in a batch of one.

    Args:
        rows: B.
        partners: how many for each.
    """
    own = torch.arange(rows)[:, None]
    steps = torch.randint(1, max(rows, 2), (rows, partners))
    return torch.cat([own, (own + steps) % max(rows, 1)], 1)
