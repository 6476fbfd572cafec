"""The file of an epoch, and what real trainings write into it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from bit_flips import flipped
from helpers import (
    CLASSES,
    LOSSES,
    dataset_config,
    log_text,
    read_devkit,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    train_interrupted,
    without_validation,
)
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS, MODELS

from wsml_mm import AssumeNegativeLoss, IndexedMultiLabelLinearClsHead
from wsml_mm.engine.hooks.epoch_file import (
    epoch_file,
    epoch_files,
    forget_epochs,
    read_epoch,
    write_epoch,
)
from wsml_mm.engine.hooks.label_record import GROUPS

TOTALS = {
    'open_count': torch.tensor([1.0, 2.0], dtype=torch.float64),
    'true_negative_loss': torch.tensor([0.5, math.inf], dtype=torch.float64),
}


# The file


def test_a_file_holds_plain_arrays(tmp_path):
    path = epoch_file(tmp_path, 3)
    assert path == tmp_path / 'dynamics' / 'epoch_003.npz'
    write_epoch(path, TOTALS, ['Katze', 'Bär'])
    found = read_epoch(path)
    assert found['classes'].tolist() == ['Katze', 'Bär']
    assert found['classes'].dtype.kind == 'U'
    assert found['open_count'].dtype == np.int64
    assert found['open_count'].tolist() == [1, 2]
    assert found['true_negative_loss'].dtype == np.float64
    assert found['true_negative_loss'].tolist() == [0.5, math.inf]


def test_the_same_sums_make_the_same_bytes(tmp_path, monkeypatch):
    write_epoch(tmp_path / 'a.npz', TOTALS, None)
    monkeypatch.setattr('time.time', lambda: 2e9)
    write_epoch(tmp_path / 'b.npz', TOTALS, ['too', 'many', 'names'])
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()
    assert read_epoch(tmp_path / 'b.npz')['classes'].tolist() == ['0', '1']


def test_one_changed_bit_never_loses_or_changes_a_number(tmp_path):
    path, refused = tmp_path / 'a.npz', []
    write_epoch(path, TOTALS, None)
    whole, expected = path.read_bytes(), plain(path)
    last = whole.rindex(b'open_count')
    for place in (last - 14, last - 13):  # length of a comment, which swallows the next member
        changed = bytearray(whole)
        changed[place] ^= 128
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=r'a\.npz: is damaged'):
            read_epoch(path)
    path.write_bytes(whole)
    for _ in flipped([path]):
        try:
            assert plain(path) == expected  # a bit that says nothing of the arrays, e.g. a date
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 150


def plain(path):
    return {key: value.tolist() for key, value in read_epoch(path).items()}


def test_files_without_a_list_of_arrays_are_read(tmp_path):
    np.savez(tmp_path / 'a.npz', classes=['a'], open_count=[1])
    assert list(read_epoch(tmp_path / 'a.npz')) == ['classes', 'open_count']


def test_further_losses_have_files_of_their_own(tmp_path):
    for epoch, loss in ((2, 0), (1, 0), (1, 1), (1000, 0)):
        write_epoch(epoch_file(tmp_path, epoch, loss), TOTALS, None)
    (tmp_path / 'dynamics' / 'epoch_x.npz').touch()
    assert list(epoch_files(tmp_path)) == [1, 2, 1000]
    assert epoch_files(tmp_path, 1) == {1: tmp_path / 'dynamics' / 'epoch_001_1.npz'}
    assert epoch_files(tmp_path / 'nowhere') == {}


def test_forgetting(tmp_path):
    for epoch in (1, 2, 3):
        for loss in (0, 1):
            write_epoch(epoch_file(tmp_path, epoch, loss), TOTALS, None)
    folder = tmp_path / 'dynamics'
    others = {'notes.txt', 'epoch_009.npz.bak', 'my_epoch_009.npz', 'epoch_9_x.npz'}
    for name in ('.epoch_001.npz.draft', *others):
        (folder / name).touch()
    forget_epochs(tmp_path, 2)
    kept = {f'epoch_00{epoch}{loss}.npz' for epoch in (1, 2) for loss in ('', '_1')}
    assert {p.name for p in folder.iterdir()} == others | kept


@pytest.mark.parametrize('damage', ['cut', 'pickled', 'missing'])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = epoch_file(tmp_path, 1)
    write_epoch(path, TOTALS, None)
    if damage == 'cut':
        path.write_bytes(path.read_bytes()[:-30])
    elif damage == 'pickled':
        np.savez(path, classes=np.array([{}], dtype=object))
    else:
        path.unlink()
    with pytest.raises(ValueError, match=r'epoch_001\.npz: is damaged .*delete its run fol') as e:
        read_epoch(path)
    assert '\n' not in str(e.value)


# Real trainings


@HOOKS.register_module()
class HeadSpyHook(Hook):
    """Keeps the logits and the observed labels of every training step."""

    priority = 'VERY_HIGH'

    def before_train(self, runner):
        self.steps = []
        runner.model.head.fc.register_forward_hook(self._keep)

    def _keep(self, module, args, output):
        self.logits = output.detach().tolist()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        seen = [s.gt_score.tolist() for s in data_batch['data_samples']]
        self.steps.append((self.logits, seen))


def _watched(devkit, folder, loss, **kwargs):
    cfg = without_validation(tiny_config(devkit, folder, loss, **kwargs))
    set_hook(cfg, 'spy', type='SpyHook')
    set_hook(cfg, 'head_spy', type='HeadSpyHook')
    return cfg


def _oracle(runner, devkit):
    """The sums of each epoch with plain loops, from logits, choices and the files' labels."""
    truth, spy = read_devkit(devkit), spy_of(runner)
    heads = next(h for h in runner.hooks if isinstance(h, HeadSpyHook)).steps
    kind = type(runner.model.head.loss_module).__name__
    keeps = kind == 'LargeLossCorrectPerm'
    action = 'ignored' if kind == 'LargeLossReject' else 'positive'
    held, found, epochs = set(), [], []
    for step, (logits, seen) in zip(spy.steps, heads, strict=True):
        if len(epochs) <= step['epoch']:
            held |= set(found) if keeps else set()
            found, sums = [], {}
            epochs.append(sums)
        for b, path in enumerate(step['paths']):
            name = path.rsplit('/', 1)[-1]
            for c in range(len(CLASSES)):
                present, label, x = truth[name][c], seen[b][c], logits[b][c]
                kept = (name, c) in held
                unknown = label == -1
                group = {1: 'observed_positive', 0: 'observed_negative'}.get(
                    label, 'false_negative' if present else 'true_negative'
                )
                loss = math.log1p(math.exp(-x if label == 1 else x))
                chosen = step['selected'][b][c]
                if chosen:
                    found.append((name, c))
                for key, number in (
                    (f'{action}_count', chosen),
                    (f'{action}_judged', chosen),
                    (f'{action}_right', chosen and present),
                    ('open_count', unknown and not kept),
                    ('hidden_positive', unknown and not kept and present),
                    ('hidden_negative', unknown and not kept and not present),
                    ('kept_positive_count', kept),
                    ('kept_positive_judged', kept),
                    ('kept_positive_right', kept and present),
                    (f'{group}_count', 1),
                    (f'{group}_loss', loss),
                ):
                    sums.setdefault(key, np.zeros(len(CLASSES)))[c] += number
    return epochs


@pytest.mark.parametrize('loss', [*LOSSES, 'full', 'some negatives'])
def test_files_equal_plain_loops(devkit, tmp_path, loss):
    cfg = _watched(devkit, tmp_path, loss if loss in LOSSES else 'AN', epochs=4)
    if loss == 'full':
        cfg.train_dataloader.dataset.observe = None
    if loss == 'some negatives':
        cfg.train_dataloader.dataset.observe = dict(type='KeepRatio', ratio=0.5, seed=1)
    runner = train(cfg)
    expected = _oracle(runner, devkit)
    files = epoch_files(tmp_path)
    assert list(files) == [1, 2, 3, 4]
    for epoch, path in files.items():
        found, sums = read_epoch(path), expected[epoch - 1]
        assert found.pop('classes').tolist() == list(CLASSES)
        for key, value in found.items():
            wanted = sums.get(key, np.zeros(5))
            if key.endswith('_loss'):
                np.testing.assert_allclose(value, wanted, rtol=1e-6, err_msg=key)
            else:
                assert value.dtype == np.int64
                np.testing.assert_array_equal(value, wanted, err_msg=f'{key} {epoch}')
        assert {key for key, value in sums.items() if value.any()} <= found.keys()
        assert sum(found[f'{group}_count'].sum() for group in GROUPS) == 24 * 5
        for group in GROUPS:
            count = found[f'{group}_count'].sum()
            name = f'memory/{group}'
            assert (count > 0) == (name in runner.message_hub.log_scalars)
            if count:
                logged = scalars(runner, name)[epoch - 1]
                assert logged == found[f'{group}_loss'].sum() / count
    if loss == 'LL-Cp':
        assert found['kept_positive_count'].sum() == 2 * 8
        assert found['kept_positive_right'].sum() > 0


def test_log_of_an_is_one_line(devkit, tmp_path):
    runner = train(_watched(devkit, tmp_path, 'AN', epochs=2))
    lines = [x for x in log_text(tmp_path).splitlines() if 'memory/' in x]
    assert len(lines) == 2
    assert 'Epoch(train) [2] AssumeNegativeLoss: memory/true_negative: ' in lines[1]
    drawn = next(tmp_path.glob('*/vis_data/scalars.json')).read_text()
    assert drawn.count('memory/false_negative') == 2
    assert not [key for key in runner.message_hub.log_scalars if 'memory' in key and 'loss' in key]


def test_without_diagnosis_nothing_is_written(devkit, tmp_path):
    plain = dataset_config(devkit, observe=dict(type='SinglePositive', seed=1200))
    runner = train(_watched(devkit, tmp_path, 'LL-R', dataset=plain, epochs=2))
    assert not (tmp_path / 'dynamics').exists()
    assert not [key for key in runner.message_hub.log_scalars if key.startswith('memory')]


def _bytes(folder):
    return {path.name: path.read_bytes() for path in (folder / 'dynamics').iterdir()}


@pytest.mark.parametrize('loss', ['AN', 'LL-Cp'])
def test_an_interrupted_training_leaves_the_same_files(devkit, tmp_path, loss):
    train(without_validation(tiny_config(devkit, tmp_path / 'whole', loss, epochs=4)))
    cfg = without_validation(tiny_config(devkit, tmp_path / 'broken', loss, epochs=4))
    train_interrupted(cfg, epoch=2, batch=2)
    before = _bytes(tmp_path / 'broken')
    assert before.keys() == {'epoch_001.npz', 'epoch_002.npz'}
    # As a kill between the file and the checkpoint leaves it: epoch 3 is there, to be done again.
    epoch_file(tmp_path / 'broken', 3).write_bytes(b'of another life')
    (tmp_path / 'broken' / 'dynamics' / '.epoch_003.npz.x').touch()
    cfg.resume = True
    train(cfg)
    assert _bytes(tmp_path / 'broken') == _bytes(tmp_path / 'whole')


def test_a_new_training_forgets_the_old_one(devkit, tmp_path):
    for epochs in (3, 1):
        train(without_validation(tiny_config(devkit, tmp_path, 'AN', epochs=epochs)))
        assert list(epoch_files(tmp_path)) == list(range(1, epochs + 1))


def _by_iteration(devkit, folder, loss, iterations, length):
    cfg = without_validation(tiny_config(devkit, folder, loss))
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=6)
    cfg.default_hooks.partial_label.epoch_length = length
    return cfg


def test_epochs_of_iterations(devkit, tmp_path):
    train(_by_iteration(devkit, tmp_path, 'LL-R', 6, 4))
    assert list(epoch_files(tmp_path)) == [1, 2]
    assert read_epoch(epoch_file(tmp_path, 2))['observed_positive_count'].sum() == 2 * 6
    first = epoch_file(tmp_path, 1).read_bytes()
    epoch_file(tmp_path, 2).unlink()
    cfg = _by_iteration(devkit, tmp_path, 'LL-R', 12, 4)
    cfg.resume = True
    train(cfg)
    # Resumed within epoch 2, of which half is lost: half an epoch is none.
    assert list(epoch_files(tmp_path)) == [1, 3]
    assert epoch_file(tmp_path, 1).read_bytes() == first


def test_iterations_without_a_length_have_no_epochs(devkit, tmp_path):
    train(_by_iteration(devkit, tmp_path, 'AN', 6, None))
    assert not (tmp_path / 'dynamics').exists()


@MODELS.register_module()
class TwoLossHead(IndexedMultiLabelLinearClsHead):
    """Trains with two losses."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.second = AssumeNegativeLoss()

    def _get_loss(self, cls_score, data_samples, **kwargs):
        target = torch.stack([s.gt_score.float() for s in data_samples])
        losses = super()._get_loss(cls_score, data_samples, **kwargs)
        return {'loss': losses['loss'] + self.second(2 * cls_score, target)}


def test_two_losses_leave_two_files(devkit, tmp_path):
    cfg = without_validation(tiny_config(devkit, tmp_path, 'LL-R', epochs=2))
    cfg.model.head.type = 'TwoLossHead'
    train(cfg)
    one, two = (read_epoch(epoch_file(tmp_path, 2, loss)) for loss in (0, 1))
    assert one['ignored_count'].sum() == 8
    assert 'ignored_count' not in two
    np.testing.assert_array_equal(one['false_negative_count'], two['false_negative_count'])
    assert not np.isclose(one['false_negative_loss'], two['false_negative_loss']).any()
