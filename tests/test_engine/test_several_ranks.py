"""Trainings of 2 and 3 processes (torchrun, CPU, gloo) against one process with equal batches.

The trainings of a number of ranks share one start of the processes, which takes most of the time.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import my_methods  # noqa: F401  (registers the losses of the page)
import numpy as np
import pytest
from helpers import (
    REPO,
    corrections_in,
    dataset_config,
    load,
    run_python,
    selected_pairs,
    set_hook,
    skip_on_gpu,
    spy_of,
    tiny_config,
    train,
    write_devkit,
)
from mmengine.config import Config

BATCH = 6  # of all ranks together; 24 images are dealt without a rest
VAL = 7  # odd: the sampler pads the last batch
JOBS = (
    'LL-R', 'LL-Cp', 'one image more', 'rank', 'buffers', 'sync', 'iterations', 'limit', 'stages',
    'my EPR', 'my APL', 'my ROLE', 'EM + APL', 'ROLE', 'write-back', 'curriculum', 'CRISP',
)  # fmt: skip
LOSSES = {
    'LL-R': 'LL-R',
    'limit': dict(type='LargeLossCorrectPerm', delta_rel=5, max_fraction=0.1),
    # Of docs/add_a_method.md: a term of the global batch, sparse state, trained rows.
    'my EPR': dict(type='MyEPR', expected_num_pos=2.0),
    'my APL': dict(type='MyAPL', warm_up=1),
    'my ROLE': dict(type='MyROLE', expected_num_pos=2.0),
    'EM + APL': dict(type='EMAPLLoss', warm_up=1),
    'ROLE': dict(type='ROLELoss', expected_num_pos=2.0),
    'write-back': dict(type='ThresholdWriteBackLoss', threshold=0.3, warm_up=1, warn_share=1),
    'curriculum': dict(type='CurriculumLoss', threshold=0.4, assume_negative_first=True),
    # A term of classes, and priors that a pass over the training set estimates.
    'CRISP': dict(type='CRISPRiskLoss'),
}


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit', val=VAL)


def _config(devkit: Path, folder: Path, job: str, ranks: int = 1, **kwargs) -> Config:
    observe = dict(type='SinglePositive', seed=1200)
    dataset = dataset_config(devkit, observe=observe, diagnosis=True)
    dataset['dataset']['pipeline'].pop(1)  # the ranks would flip other images
    cfg = tiny_config(devkit, folder / 'run', LOSSES.get(job, 'LL-Cp'), dataset=dataset, **kwargs)
    cfg.custom_imports.imports = ['wsml_mm', 'helpers', 'my_methods']
    cfg.train_dataloader.batch_size = BATCH // ranks
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.val_evaluator = [cfg.val_evaluator, dict(type='PartialLabelMetric', threshold=0.4)]
    cfg.test_evaluator = cfg.val_evaluator
    set_hook(cfg, 'spy', type='SpyHook', out=str(folder))
    if job == 'one image more':
        cfg.train_dataloader.dataset.indices = 19
    elif job == 'rank':
        cfg.model.head.loss = dict(type='LargeLossCorrectPerm', delta_rel=5, scope='rank')
    elif job == 'buffers':
        cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=True)
    elif job == 'sync':
        cfg.custom_hooks = [
            dict(type='SyncBuffersHook'),
            dict(type='EMAHook', momentum=0.1, update_buffers=True),
        ]
    elif job == 'iterations':
        cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=12, val_interval=4)
        cfg.train_dataloader.sampler.type = 'InfiniteSampler'
        cfg.param_scheduler = None
        cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=4)
        cfg.default_hooks.partial_label.epoch_length = 4
        cfg.optim_wrapper.accumulative_counts = 2
    elif job == 'no padding':
        cfg.train_dataloader.sampler.round_up = False
    return cfg


def _add_first_stage(cfg: Config, root: Path) -> None:
    """Lets the linear layer train first, on features that both ranks compute and share."""
    first = Config(cfg.to_dict(), format_python_code=False)
    parts = ('backbone', 'neck', 'data_preprocessor')
    extractor = {part: first.model.pop(part) for part in parts}
    first.model.backbone = dict(type='FeatureInput')
    for loader in (first.train_dataloader, first.val_dataloader, first.test_dataloader):
        source = loader.dataset.dataset
        loader.dataset.dataset = dict(
            type='FeatureDataset', dataset=source, extractor=extractor, cache=str(root / 'features')
        )
    first.default_hooks.spy.out = None
    first.pop('work_dir')
    first.dump(root / 'first.py')
    cfg.linear_init = dict(config=str(root / 'first.py'))


def _train_jobs(root: Path, ranks: int, configs: dict[str, Config], *options: str) -> list:
    jobs = []
    for job, cfg in configs.items():
        path = root / f'{job.replace(" ", "_")}_{ranks}.py'
        cfg.dump(path)
        jobs.append([job, 'train', [str(path), *options]])
    return jobs


def _launch(root: Path, ranks: int, jobs: list) -> None:
    skip_on_gpu()
    (root / 'jobs.json').write_text(json.dumps(jobs))
    # Standalone: torchrun takes a free port itself; one found here could be gone by then.
    result = run_python(
        '-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={ranks}',
        str(REPO / 'tests' / 'train_jobs.py'), str(root), cwd=root, timeout=400,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.fixture(scope='module')
def two(devkit, tmp_path_factory):
    """The folder of the trainings on two ranks, done in this order."""
    root = tmp_path_factory.mktemp('two')
    names = ('no padding', *JOBS)  # the refusal comes first: the others find no process waiting
    for job in (*names, 'test'):
        (root / job).mkdir()
    configs = {job: _config(devkit, root / job, job, 2) for job in names}
    _add_first_stage(configs['stages'], root)
    jobs = _train_jobs(root, 2, configs)
    metrics = [str(root / 'LL-Cp' / 'run' / 'epoch_3.pth'), '--out', str(root / 'metrics.json')]
    jobs.append(['test', 'test', [jobs[2][2][0], *metrics, '--out-item', 'metrics']])
    _launch(root, 2, jobs)
    return root


@pytest.fixture(scope='module')
def single(devkit, tmp_path_factory):
    """Trains a job in this process, once; returns the runner and its folder."""
    done = {}

    def run(job):
        if job not in done:
            folder = tmp_path_factory.mktemp('single')
            done[job] = train(_config(devkit, folder, job)), folder
        return done[job]

    return run


def _spies(folder: Path, ranks: int = 2) -> list[list[dict]]:
    return [json.loads((folder / f'rank{r}.json').read_text()) for r in range(ranks)]


def _whole_batches(spies: list[list[dict]]) -> list[list[tuple[str, list[bool]]]]:
    """Returns (image, its selected classes) of each step, in the single process's order."""
    batches = []
    for steps in zip(*spies, strict=True):
        rows = [list(zip(s['paths'], s['selected'], strict=True)) for s in steps]
        batches.append([row for turn in zip(*rows, strict=True) for row in turn])
    return batches


def _logged(checkpoint: dict, name: str) -> np.ndarray:
    buffer = checkpoint['message_hub']['log_scalars'][name]['__history_buffer__']
    return buffer['log']['__ndarray__'].numpy()


def _saved(folder: Path, number: int = 3) -> dict:
    path = folder / 'run' / f'epoch_{number}.pth'
    return load(path if path.is_file() else folder / 'run' / 'iter_12.pth')


def _table(checkpoint: dict) -> dict[int, int]:
    state = corrections_in(checkpoint)
    return dict(zip(state['keys'].tolist(), state['epochs'].tolist(), strict=True))


@pytest.mark.parametrize('job', [*JOBS, 'test'])
def test_two_ranks_finish(two, job):
    assert [(two / job / f'rank{r}.txt').read_text() for r in (0, 1)] == ['done', 'done']


@pytest.mark.parametrize(
    'job', ['my EPR', 'my APL', 'my ROLE', 'EM + APL', 'ROLE', 'write-back', 'curriculum', 'CRISP']
)
def test_methods_with_terms_and_state_train_on_two_ranks_as_in_one_process(two, single, job):
    runner, folder = single(job)
    saved, expected = _saved(two / job), _saved(folder)
    for steps in _spies(two / job):
        found, alone = ([s['loss'] for s in each] for each in (steps, spy_of(runner).steps))
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)
    for name, weight in expected['state_dict'].items():
        np.testing.assert_allclose(saved['state_dict'][name], weight, rtol=0, atol=1e-5)
    if job == 'my EPR':
        found = _logged(saved, 'term/expected_positives')
        np.testing.assert_allclose(found, _logged(expected, 'term/expected_positives'), atol=1e-6)
        return
    found, alone = (c['wsml_mm']['losses'][0]['columns'] for c in (saved, expected))
    for column, values in alone.items():
        for key in values.keys() & {'keys', 'epochs', 'values', 'data'}:
            np.testing.assert_allclose(found[column][key], values[key], rtol=0, atol=1e-4)


@pytest.mark.parametrize('job', ['LL-R', 'LL-Cp', 'iterations', 'limit'])
def test_two_ranks_train_as_one_process(two, single, job):
    runner, folder = single(job)
    spies = _spies(two / job)
    alone = spy_of(runner).steps
    batches = [list(zip(s['paths'], s['selected'], strict=True)) for s in alone]
    assert _whole_batches(spies) == batches
    assert sum(np.sum(s['selected']) for s in alone) >= 9
    for steps in spies:  # both ranks log the loss of the global batch
        found = [s['loss'] for s in steps]
        np.testing.assert_allclose(found, [s['loss'] for s in alone], rtol=0, atol=1e-5)
    saved, expected = _saved(two / job), _saved(folder)
    acted = 'label/ignored' if job == 'LL-R' else 'label/positive'
    logged = (f'{acted}/count', f'{acted}/share', f'{acted}/precision')
    scored = (f'val/multi-label/{name}' for name in ('mAP', 'CF1', 'OF1', 'AUROC'))
    for name in ('train/loss', *logged, *scored):
        found = _logged(saved, name)
        np.testing.assert_allclose(found, _logged(expected, name), rtol=0, atol=1e-5, err_msg=name)
    for name, weight in expected['state_dict'].items():
        np.testing.assert_allclose(saved['state_dict'][name], weight, rtol=0, atol=1e-5)
    _assert_same_dynamics(two / job / 'run', folder / 'run')
    if job != 'LL-R':
        assert _table(saved) == _table(expected)
        assert saved['wsml_mm']['fingerprint'] == expected['wsml_mm']['fingerprint']


def _assert_same_dynamics(found: Path, expected: Path) -> None:
    """The sums of both ranks are those of one process, the counts to the last entry."""
    files = sorted((expected / 'dynamics').iterdir())
    assert [p.name for p in files] == [f'epoch_{e:03d}.npz' for e in (1, 2, 3)]
    for path in files:
        with np.load(found / 'dynamics' / path.name) as two, np.load(path) as one:
            assert two.files == one.files
            assert one['false_negative_count'].sum() > 0
            for key in one.files:
                if one[key].dtype == np.float64:
                    np.testing.assert_allclose(two[key], one[key], rtol=1e-4, atol=1e-5)
                else:
                    np.testing.assert_array_equal(two[key], one[key], err_msg=key)


def test_a_limit_holds_over_the_ranks(two):
    assert len(_table(_saved(two / 'limit'))) == 9  # floor of a tenth of 24 x 4


@pytest.mark.parametrize('job', ['buffers', 'sync'])
def test_buffers_of_other_ranks_leave_corrections_alone(two, single, job):
    """Broadcast and averaged buffers, averaged weights: none of them holds a correction."""
    runner, folder = single('LL-Cp')
    saved = _saved(two / job)
    assert _table(saved) == _table(_saved(folder))
    chosen = [set(selected_pairs(steps)) for steps in (*_spies(two / job), spy_of(runner).steps)]
    assert chosen[0] | chosen[1] == chosen[2]
    assert chosen[0]
    assert chosen[1]
    assert 'loss_module' not in ''.join(saved['state_dict'])


def test_scope_rank_selects_on_every_rank(two):
    spies = _spies(two / 'rank')
    # 5 % of 3 images x 5 classes is 0.75, taken up on every rank.
    for steps in spies:
        assert [int(np.sum(s['selected'])) for s in steps] == [0] * 4 + [1] * 8
    assert [s['loss'] for s in spies[0]] == pytest.approx([s['loss'] for s in spies[1]])
    names = sorted({os.path.basename(p) for s in spies[0] + spies[1] for p in s['paths']})
    chosen = {(names[k // 5], k % 5) for k in _table(_saved(two / 'rank'))}
    assert chosen == set(selected_pairs(spies[0] + spies[1]))


def test_a_padded_image_is_corrected_once(two):
    spies = _spies(two / 'one image more')
    # 19 images on 2 ranks of 3: 10 each, one of them twice, in batches of 6, 6, 6 and 2.
    assert [len(s['paths']) for s in spies[0]] == [3, 3, 3, 1] * 3
    chosen = selected_pairs(spies[0] + spies[1])
    saved = _saved(two / 'one image more')
    assert len(_table(saved)) == len(set(chosen))
    assert _logged(saved, 'label/positive/count').sum() == len(chosen)
    for steps in zip(*spies, strict=True):
        count = sum(int(np.sum(s['selected'])) for s in steps)
        rows = sum(len(s['paths']) for s in steps)
        assert count == (-(-rows * 5 * 5 // 100) if steps[0]['epoch'] else 0)


def test_the_first_stage_runs_on_both_ranks(two):
    first = two / 'stages' / 'run' / 'linear_init'
    assert (first / 'finished').is_file()
    assert _table(load(first / 'epoch_3.pth'))
    # The second has a schedule of its own and starts with no corrections.
    steps = zip(*_spies(two / 'stages'), strict=True)
    counts = [sum(int(np.sum(s['selected'])) for s in ranks) for ranks in steps]
    assert counts == [0] * 4 + [2] * 8
    assert not _table(_saved(two / 'stages', 1))
    assert len(_table(_saved(two / 'stages'))) == 16


def test_the_test_command_scores_each_image_once(two, single):
    found, saved = json.loads((two / 'metrics.json').read_text()), _saved(single('LL-Cp')[1])
    for name in ('mAP', 'CF1', 'OF1', 'AUROC'):
        logged = _logged(saved, f'val/multi-label/{name}')[-1]
        assert found[f'multi-label/{name}'] == pytest.approx(logged, abs=1e-5)


def test_uneven_ranks_are_refused(two):
    for rank in (0, 1):
        written = (two / 'no padding' / f'rank{rank}.txt').read_text()
        assert written.startswith('ValueError: sampler round_up=False')
        assert 'round_up=True' in written
        assert '\n' not in written


def _resumable(done: Path, folder: Path) -> None:
    """Puts a training, as it was after 2 of 3 epochs, into another folder."""
    (folder / 'run').mkdir(parents=True)
    shutil.copy(done / 'run' / 'epoch_2.pth', folder / 'run')
    (folder / 'run' / 'last_checkpoint').write_text(str(folder / 'run' / 'epoch_2.pth'))


def test_resume_on_one_process(two, devkit, tmp_path):
    _resumable(two / 'LL-Cp', tmp_path)
    cfg = _config(devkit, tmp_path, 'LL-Cp')
    cfg.resume = True
    runner = train(cfg)
    assert {s['epoch'] for s in spy_of(runner).steps} == {2}
    _assert_continues(two, tmp_path)


def test_a_training_of_one_process_resumes_on_two_ranks(single, devkit, tmp_path):
    _, folder = single('LL-Cp')
    _resumable(folder, tmp_path / 'LL-Cp')
    cfg = _config(devkit, tmp_path / 'LL-Cp', 'LL-Cp', 2)
    _launch(tmp_path, 2, _train_jobs(tmp_path, 2, {'LL-Cp': cfg}, '--resume'))
    assert (tmp_path / 'LL-Cp' / 'rank0.txt').read_text() == 'done'
    assert _table(_saved(tmp_path / 'LL-Cp')) == _table(_saved(folder))


def test_resume_on_three_ranks(two, devkit, tmp_path):
    _resumable(two / 'LL-Cp', tmp_path / 'LL-Cp')
    cfg = _config(devkit, tmp_path / 'LL-Cp', 'LL-Cp', ranks=3)
    _launch(tmp_path, 3, _train_jobs(tmp_path, 3, {'LL-Cp': cfg}, '--resume'))
    written = [(tmp_path / 'LL-Cp' / f'rank{r}.txt').read_text() for r in range(3)]
    assert written == ['done'] * 3
    spies = _spies(tmp_path / 'LL-Cp', 3)
    assert [[s['epoch'] for s in steps] for steps in spies] == [[2] * 4] * 3
    # The batches are those of two ranks, dealt otherwise.
    assert _whole_batches(spies) == _whole_batches(_spies(two / 'LL-Cp'))[-4:]
    _assert_continues(two, tmp_path / 'LL-Cp')


def _assert_continues(two: Path, folder: Path) -> None:
    start, found = _table(_saved(two / 'LL-Cp', 2)), _table(_saved(folder))
    assert start
    assert start.items() <= found.items()
    assert found == _table(_saved(two / 'LL-Cp'))
    for name in ('train/loss', 'state/corrections/count', 'val/multi-label/mAP'):
        expected = _logged(_saved(two / 'LL-Cp'), name)
        np.testing.assert_allclose(_logged(_saved(folder), name), expected, rtol=0, atol=1e-5)


def test_the_ranks_deal_every_image_once_an_epoch(two):
    paths = [p for batch in _whole_batches(_spies(two / 'LL-R')) for p, _ in batch]
    assert [len(set(paths[i : i + 24])) for i in (0, 24, 48)] == [24] * 3
