"""Multi-label heads that pass `sample_idx` to losses with per-sample state."""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models.heads import CSRAClsHead, MultiLabelClsHead, MultiLabelLinearClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch import Tensor


class SampleIndexMixin:
    """Forwards `sample_idx`, (B,) int64, to a loss with `needs_sample_idx`; others see no change.

    Put it before any head that derives from `MultiLabelClsHead`:
    `class MyIndexedHead(SampleIndexMixin, MyHead): ...`.
    """

    def _get_loss(
        self, cls_score: Tensor, data_samples: list[DataSample], **kwargs: Any
    ) -> dict[str, Tensor]:
        if getattr(self.loss_module, 'needs_sample_idx', False):  # type: ignore[attr-defined]
            missing = [s for s in data_samples if 'sample_idx' not in s.metainfo_keys()]
            if missing:
                raise KeyError(
                    'a data sample carries no sample_idx: wrap the training set in '
                    "PartialLabelDataset, or name 'sample_idx' in PackInputs(meta_keys=...)"
                )
            kwargs['sample_idx'] = torch.tensor([int(s.sample_idx) for s in data_samples])
        losses: dict[str, Tensor] = super()._get_loss(  # type: ignore[misc]
            cls_score, data_samples, **kwargs
        )
        return losses


@MODELS.register_module()
class IndexedMultiLabelClsHead(SampleIndexMixin, MultiLabelClsHead):  # type: ignore[misc]
    """`MultiLabelClsHead` that passes `sample_idx` to its loss; for plain loops.

    Args:
        loss: config of the loss.
        thr: scores from this one on are predicted positive; None: 0.5, unless topk is given.
        topk: the k highest scores are predicted positive.
        init_cfg: how MMEngine initialises the weights.

    Config:
        loss = dict(type='LargeLossCorrectPerm', delta_rel=0.1)
        model = dict(head=dict(type='IndexedMultiLabelClsHead', loss=loss))
    """


@MODELS.register_module()
class IndexedMultiLabelLinearClsHead(
    SampleIndexMixin,
    MultiLabelLinearClsHead,  # type: ignore[misc]
):
    """`MultiLabelLinearClsHead` that passes `sample_idx` to its loss; for plain loops.

    Args:
        num_classes: C, classes of the data set.
        in_channels: D, channels of the features.
        loss: config of the loss.
        thr: scores from this one on are predicted positive; None: 0.5, unless topk is given.
        topk: the k highest scores are predicted positive.
        init_cfg: how MMEngine initialises the weights.

    Config:
        loss = dict(type='LargeLossCorrectPerm', delta_rel=0.1)
        model = dict(head=dict(
            type='IndexedMultiLabelLinearClsHead', num_classes=20, in_channels=2048, loss=loss))
    """


@MODELS.register_module()
class IndexedCSRAClsHead(SampleIndexMixin, CSRAClsHead):  # type: ignore[misc]
    """`CSRAClsHead` (residual attention) that passes `sample_idx` to its loss; for plain loops.

    Source: "Residual Attention", ICCV 2021, https://arxiv.org/abs/2108.02456.

    Args:
        num_classes: C, classes of the data set.
        in_channels: D, channels of the features.
        num_heads: attention heads, each of another temperature.
        lam: weight of the attended score beside the mean over places.
        init_cfg: how MMEngine initialises the weights.
        kwargs: loss (config of the loss), thr (scores from this one on are predicted positive) and
            topk (the k highest scores are predicted positive).

    Config:
        loss = dict(type='LargeLossCorrectPerm', delta_rel=0.1)
        model = dict(head=dict(type='IndexedCSRAClsHead', num_classes=20, in_channels=2048,
                               num_heads=1, lam=0.1, loss=loss))
    """
