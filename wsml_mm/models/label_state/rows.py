"""Dense state: a trained row of values for every sample or group."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..ranks import gather_objects, total, world_size
from .facts import TrainingFacts

_COPIES = 4  # the values, their gradient and Adam's two moments


@dataclass(frozen=True)
class Rows:
    """Column of (N, C) float32 values, one row a sample (or a group), trained by Adam or set.

    The rows are no parameters of the model: DistributedDataParallel would exchange all of them at
    every step, and a checkpoint's weights would hold them. They are trained by `RowStore.descend`,
    with the dense Adam step of ROLE (Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708),
    which moves every row, seen or not.

    Args:
        lr: rate of their Adam; None: `lr_mult` times the base rate of the runner's optimiser.
        lr_mult: see `lr`; ROLE's code has 10.
        betas: of Adam.
        by_group: rows of the training's groups instead of its samples.
        max_gigabytes: refuse to take more memory than this for values, gradient and moments.
    """

    lr: float | None = None
    lr_mult: float = 10.0
    betas: tuple[float, float] = (0.9, 0.999)
    by_group: bool = False
    max_gigabytes: float = 4.0

    def create(self, facts: TrainingFacts) -> RowStore:
        """Returns a store of zeros for a training set.

        Raises:
            ValueError: if it would take more memory than `max_gigabytes`, or groups are missing.
        """
        rows = facts.num_groups if self.by_group else facts.num_samples
        if rows is None:
            raise ValueError(
                'Rows(by_group=True): the training set has no groups; pack `group`, an index from '
                '0, into its samples, or give TrainingFacts(num_groups=...)'
            )
        size = rows * facts.num_classes * 4 * _COPIES / 1e9
        if size > self.max_gigabytes:
            raise ValueError(
                f'a value for each of {rows} rows x {facts.num_classes} classes takes {size:.1f} '
                f'GB, more than max_gigabytes={self.max_gigabytes}: raise it, or use a method '
                'with sparse state'
            )
        return RowStore(rows, facts.num_classes, self)


class RowStore:
    """Values of a `Rows` column and their optimiser.

    Args:
        num_rows: N, or the number of groups.
        num_classes: C.
        column: its settings.
    """

    def __init__(self, num_rows: int, num_classes: int, column: Rows) -> None:
        self.column = column
        self.data = torch.zeros(num_rows, num_classes)
        self._gradient: Tensor | None = None  # zero but for the rows of `_touched`
        self._touched: list[Tensor] = []  # rows of the batches since the last step
        self._batches = 0
        self._optimizer = _adam(self.data, column.betas)

    def to(self, device: torch.device) -> RowStore:
        """Moves the values, once, to the device they are trained on; keeps the optimiser."""
        if self.data.device != device:
            state = self._optimizer.state_dict()
            self.data, self._gradient = self.data.to(device), None
            self._optimizer = _adam(self.data, self.column.betas)
            self._load_moments(state)
        return self

    def rows(self, index: Tensor) -> Tensor:
        """Returns (B, C) values of a batch as a leaf to compute a term of, for `descend`.

        Args:
            index: (B,) int64.

        Raises:
            IndexError: if an index is out of range.
        """
        if len(index) and not 0 <= int(index.min()) <= int(index.max()) < len(self.data):
            raise IndexError(f'row {index.tolist()} is outside 0..{len(self.data) - 1}')
        return self.data[self._here(index)].requires_grad_()

    def descend(self, index: Tensor, rows: Tensor, term: Tensor) -> None:
        """Adds the gradient of a term of the global batch to the rows, for the next `step`.

        The gradient is taken here and not by the runner's backward pass, which would give it the
        loss scale of mixed precision and the factor of gradient accumulation.

        Args:
            index: (B,) of `rows`.
            rows: (B, C) of `rows(index)`.
            term: 0-d, made of `Ranks.mean` and `Ranks.total`.
        """
        (own,) = torch.autograd.grad(term, rows, retain_graph=True)
        if self._gradient is None:
            self._gradient = torch.zeros_like(self.data)
        alone = world_size() == 1  # then nothing waits for the device
        for place, part in [(index, own)] if alone else gather_objects((index.cpu(), own.cpu())):
            # The ranks' terms carry the factor that the mean over ranks takes back.
            share = part.to(self.data) / world_size()
            self._touched.append(self._here(place))
            self._gradient.index_add_(0, self._touched[-1], share)
        self._batches += 1

    def follow(self, index: Tensor, values: Tensor, rate: float) -> None:
        """Moves rows towards values, r := (1 - rate) r + rate v, at once and without Adam.

        Of several values for one row the last counts, in the order that one process would have
        seen them: row j of each rank before row j + 1 of any.

        Args:
            index: (B,) int64, on the CPU.
            values: (B, C), detached.
            rate: from 0 to 1.
        """
        if world_size() > 1:
            parts = gather_objects((index.cpu(), values.cpu()))
            index, values = (torch.cat([part[k] for part in parts]) for k in (0, 1))
            order = torch.cat([torch.arange(len(part[0])) for part in parts])
            order = order.argsort(stable=True)
            index, values = index[order], values[order.to(values.device)]
        last = {int(row): place for place, row in enumerate(index.tolist())}
        rows = torch.tensor(list(last), dtype=torch.int64, device=self.data.device)
        places = torch.tensor(list(last.values()), dtype=torch.int64, device=values.device)
        new = values[places].to(self.data)
        self.data.index_copy_(0, rows, self.data[rows] * (1 - rate) + new * rate)

    def step(self, lr: float | None) -> None:
        """Takes one Adam step with the mean gradient of the batches since the last one.

        Args:
            lr: the base rate of the runner's optimiser now; not needed where the column has one.

        Raises:
            ValueError: if there is no rate.
        """
        if self._gradient is None or not self._batches:
            return
        rate = self.column.lr if self.column.lr is not None else lr
        if rate is None:
            raise ValueError('Rows: no learning rate; give Rows(lr=...), or after_step(lr)')
        factor = 1.0 if self.column.lr is not None else self.column.lr_mult
        self._optimizer.param_groups[0]['lr'] = rate * factor
        touched = torch.cat(self._touched)
        if self._batches > 1:
            self._gradient.div_(self._batches)
        self.data.grad = self._gradient
        self._optimizer.step()
        self.data.grad = None
        self._gradient.index_fill_(0, touched, 0)
        self._touched, self._batches = [], 0

    def restart(self) -> None:
        """Lets the values be the start of a new training: their optimiser begins anew."""
        self._optimizer = _adam(self.data, self.column.betas)
        self._gradient, self._touched, self._batches = None, [], 0

    def state_dict(self) -> dict[str, Any]:
        """Returns the values and the state of their optimiser."""
        # Copies: the optimiser hands out its own moments, which go on changing.
        moments = copy.deepcopy(self._optimizer.state_dict())
        return {'data': self.data.cpu().clone(), 'optimizer': moments}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replaces the values by saved ones.

        Raises:
            ValueError: if they have another shape.
        """
        if state['data'].shape != self.data.shape:
            raise ValueError(
                f'the checkpoint holds rows of label state of shape {tuple(state["data"].shape)}, '
                f'the training set needs {tuple(self.data.shape)}: resume with the same data, or '
                'start a new training with load_from, which does not load label state'
            )
        if not state['data'].isfinite().all():
            raise ValueError(
                "the checkpoint's label state holds rows that are not finite: resume from another "
                'checkpoint'
            )
        self.data.copy_(state['data'])
        self._load_moments(state['optimizer'])
        self._gradient, self._touched, self._batches = None, [], 0

    def _here(self, index: Tensor) -> Tensor:
        # CUDA has read a tensor of the host when the call returns: nothing needs to wait for it.
        return index.to(self.data.device, non_blocking=index.device.type == 'cpu')

    def _load_moments(self, state: dict[str, Any]) -> None:
        fused = self._optimizer.defaults['fused']
        groups = [{**group, 'fused': fused} for group in state['param_groups']]
        self._optimizer.load_state_dict({**state, 'param_groups': groups})


def _adam(data: Tensor, betas: tuple[float, float]) -> torch.optim.Adam:
    """Returns an Adam that passes over the rows once a step, not ten times, where torch has it."""
    try:
        return torch.optim.Adam([data], lr=0.0, betas=betas, fused=True)
    except RuntimeError:  # a CPU before torch 2.4, a device without it
        return torch.optim.Adam([data], lr=0.0, betas=betas)


@dataclass(frozen=True)
class Classes:
    """Column of one float32 value a class, e.g. a prior.

    Args:
        fill: what the values start as.
    """

    fill: float = 0.0

    def create(self, facts: TrainingFacts) -> ClassStore:
        """Returns the store for a training set."""
        return ClassStore(torch.full((facts.num_classes,), self.fill))


class ClassStore:
    """Values of a `Classes` column.

    Args:
        data: (C,) float32; change it in place.
    """

    def __init__(self, data: Tensor) -> None:
        self.data = data

    def to(self, device: torch.device) -> ClassStore:
        """Moves the values to a device."""
        self.data = self.data.to(device)
        return self

    def add_over_ranks(self, part: Tensor) -> None:
        """Adds the sum over ranks of a (C,) tensor (a collective)."""
        self.data += total(part.detach().to(self.data))

    def state_dict(self) -> dict[str, Any]:
        """Returns the values."""
        return {'data': self.data.cpu().clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replaces the values by saved ones.

        Raises:
            ValueError: if they are of another number of classes.
        """
        if state['data'].shape != self.data.shape:
            raise ValueError(
                f'the checkpoint holds label state of {len(state["data"])} classes, the training '
                f'set has {len(self.data)}: resume with the same data'
            )
        self.data.copy_(state['data'])
