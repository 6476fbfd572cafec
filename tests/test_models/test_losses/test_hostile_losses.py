"""Arguments, targets and states of losses that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from hostile import Act, Case, Prepare, refusals
from mmpretrain.structures import DataSample

from wsml_mm import (
    AssumeNegativeLoss,
    CurriculumLoss,
    EMAPLLoss,
    EMLoss,
    EPRLoss,
    IndexedMultiLabelClsHead,
    LargeLossCorrectPerm,
    LargeLossReject,
    LSANLoss,
    ROLELoss,
    ThresholdWriteBackLoss,
    TrainingFacts,
)
from wsml_mm.models.label_state import EntryStore


def loss_step(loss: Any, target: Any = None, shape: Any = (2, 3), **kwargs: Any) -> Prepare:
    """One training step with labels of (2, 3), by default unobserved."""

    def make(folder):
        labels = torch.full((2, 3), -1) if target is None else torch.tensor(target)
        return lambda: loss(torch.zeros(shape), labels, **kwargs)

    return make


def perm(epoch: int | None = 1, **kwargs: Any) -> LargeLossCorrectPerm:
    loss = LargeLossCorrectPerm(delta_rel=20, **kwargs)
    if epoch is not None:
        loss.set_epoch(epoch)
    return loss


def head_without_index(folder: Path) -> Act:
    head = IndexedMultiLabelClsHead(loss=dict(type='LargeLossCorrectPerm', num_samples=2))
    head.loss_module.set_epoch(0)
    samples = [DataSample().set_gt_score(torch.tensor([1, -1, -1])) for _ in range(2)]
    return lambda: head._get_loss(torch.zeros(2, 3), samples)


def bound_twice() -> None:
    loss = perm()
    loss.start(TrainingFacts(6, 3))
    loss.start(TrainingFacts(7, 3))


def store_of(**change: Any) -> Prepare:
    def make(folder):
        state = dict(
            num_samples=2, num_classes=3, keys=torch.tensor([1, 4]), epochs=torch.tensor([0, 0])
        )
        return lambda: EntryStore(2, 3).load_state_dict({**state, **change})

    return make


def bad_argument(loss: type, name: str, value: Any, says: str) -> Case:
    return Case(
        f'{loss.__name__}({name}={value})',
        lambda folder: lambda: loss(**{name: value}),
        ValueError,
        says,
    )


BLENDED = 'target ... {} ... 1 (positive) ... Mixup, CutMix ... switch those off'
STATE = 'state for {} ... has {}: resume with the same data'
# fmt: off
ARGUMENTS = [
    *(
        bad_argument(LargeLossReject, 'delta_rel', value,
                     f'delta_rel={value} ... percentage between 0 and 100')
        for value in (-1, 101, float('nan'))
    ),
    bad_argument(LargeLossReject, 'delta_rel', 0.12345678901234567,
                 'delta_rel=0.1234567890123456 ... digits ... write a shorter decimal'),
    bad_argument(LargeLossReject, 'percent_of', 'some',
                 'percent_of=\'some\' ... use "all" or "unobserved"'),
    bad_argument(LargeLossReject, 'scope', 'node',
                 'scope=\'node\' ... use "global" or "rank"'),
    bad_argument(LargeLossCorrectPerm, 'max_fraction', 2,
                 'max_fraction=2 ... share between 0 and 1'),
    bad_argument(LargeLossCorrectPerm, 'num_samples', 0,
                 'num_samples=0 ... number of training images'),
    *(
        bad_argument(loss, 'expected_num_pos', None, f'{loss.__name__}: expected_num_pos is '
                     'missing ... positive labels of an image ... model.head.loss')
        for loss in (EPRLoss, ROLELoss)
    ),
    bad_argument(EPRLoss, 'expected_num_pos', -1, 'expected_num_pos=-1: a number of positives'),
    bad_argument(AssumeNegativeLoss, 'log_eps', 1, 'log_eps=1 ... 0 to 0.1'),
    bad_argument(LSANLoss, 'smoothing', 0.6, 'smoothing=0.6 ... 0 to 0.5'),
    bad_argument(LSANLoss, 'reading', 'text', 'reading=\'text\' ... "code" ... "paper"'),
    bad_argument(EMLoss, 'alpha', -0.1, 'alpha=-0.1 ... 0 to 1'),
    bad_argument(EMAPLLoss, 'beta', 2, 'beta=2 ... 0 to 1'),
    bad_argument(EMAPLLoss, 'share', 1.5, 'share=1.5 ... 0 to 1'),
    *(
        bad_argument(loss, 'warm_up', value, f'{loss.__name__}: warm_up={value} ... at least 1')
        for loss in (EMAPLLoss, ThresholdWriteBackLoss, CurriculumLoss)
        for value in (0, 2.5)
    ),
    bad_argument(ThresholdWriteBackLoss, 'threshold', 95, 'threshold=95 ... score from 0 to 1'),
    bad_argument(CurriculumLoss, 'threshold', -1, 'threshold=-1 ... logit >= 0'),
    bad_argument(CurriculumLoss, 'threshold', (1, 2), 'threshold=(1, 2) ... around 0'),
    bad_argument(CurriculumLoss, 'partial_bce', (1, 2), 'partial_bce=(1, 2) ... three numbers'),
    bad_argument(ROLELoss, 'expected_num_pos', '1.5', 'expected_num_pos=\'1.5\' is str'),
    Case('epoch -1', lambda folder: lambda: LargeLossReject().set_epoch(-1), ValueError,
         'epoch=-1 ... from 0'),
]
STEPS = [
    *(
        Case(f'target {kind}', loss_step(AssumeNegativeLoss(), [[1, value, -1], [0, 0, 0]]),
             ValueError, BLENDED.format(value))
        for kind, value in {'of Mixup': 0.3, 'of 2': 2, 'NaN': float('nan')}.items()
    ),
    Case('logits of more classes', loss_step(AssumeNegativeLoss(), shape=(2, 4)), ValueError,
         'cls_score (2, 4) and target (2, 3) ... check num_classes'),
    Case('logits without a batch', loss_step(AssumeNegativeLoss(), [1, 0, -1], shape=(3,)),
         ValueError, 'cls_score (3,) and target (3,) ... (batch, classes) ... check num_classes'),
    Case('epoch not given', loss_step(LargeLossReject()), RuntimeError,
         "LargeLossReject ... epoch ... add default_hooks = ... 'PartialLabelHook'"),
    Case('sample_idx not passed', loss_step(perm(num_samples=2)), RuntimeError,
         'LargeLossCorrectPerm ... samples of the batch ... add PartialLabelHook'),
    Case('sample_idx not packed', head_without_index, KeyError,
         'sample_idx ... wrap the training set in PartialLabelDataset'),
    Case('sample_idx too large', loss_step(perm(num_samples=2), sample_idx=torch.tensor([0, 2])),
         IndexError, 'sample_idx 2 ... 0..1 ... check num_samples and the dataset wrapper'),
    Case('sample_idx negative', loss_step(perm(num_samples=2), sample_idx=torch.tensor([0, -1])),
         IndexError, 'sample_idx -1 ... 0..1 ... check num_samples'),
    Case('sample_idx too short', loss_step(perm(num_samples=2), sample_idx=torch.tensor([0])),
         ValueError, 'sample_idx (1,) ... one index for each of the 2 samples'),
    Case('training set unknown', loss_step(perm(), sample_idx=torch.tensor([0, 1])), RuntimeError,
         'training set ... add PartialLabelHook'),
]
STATES = [
    Case('num_samples of other data', lambda folder: lambda: perm(num_samples=5).start(
             TrainingFacts(6, 3)),
         ValueError, 'num_samples=5) ... 6 rows ... remove num_samples'),
    Case('loss of other data', lambda folder: bound_twice, ValueError,
         '6 samples and 3 classes ... 7 and 3 ... build a new loss'),
    Case('corrections of more samples', store_of(num_samples=3), ValueError,
         STATE.format('num_samples=3', 2)),
    Case('corrections of other classes', store_of(num_classes=20), ValueError,
         STATE.format('num_classes=20', 3)),
    *(
        Case(f'corrections {kind}', store_of(keys=torch.tensor(keys)), ValueError,
             'label state is damaged ... 2 samples of 3 classes ... resume from another checkpoint')
        for kind, keys in {
            'out of range': [1, 6],
            'negative': [-1, 4],
            'out of order': [4, 1],
            'of another length': [1, 2, 3],
        }.items()
    ),
]
# fmt: on
test_refusal = refusals(*ARGUMENTS, *STEPS, *STATES)
