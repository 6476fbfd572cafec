from __future__ import annotations

import json
import math
import os
import pickle
from pathlib import Path

import mmpretrain
import pytest
import torch
import user_datasets  # noqa: F401 (registers)
from helpers import (
    CLASSES,
    HeadHook,
    Interrupted,
    corrections_in,
    dataset_config,
    load,
    log_text,
    loss_of,
    read_devkit,
    run_python,
    scalars,
    selected_pairs,
    set_hook,
    skip_on_gpu,
    spy_of,
    tiny_config,
    write_devkit,
)
from mmengine.config import Config

from wsml_mm.cli import test as test_cli
from wsml_mm.cli import train as train_cli
from wsml_mm.experiments import training

STOCK_TRAIN = Path(mmpretrain.__file__).parent / '.mim' / 'tools' / 'train.py'


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')


@pytest.fixture(autouse=True)
def _place(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # set by the command line for good


@pytest.fixture
def config(devkit, tmp_path):
    """Writes a config file; returns its path."""

    def write(name='tiny', loss='LL-Cp', epochs=2, **overrides):
        cfg = tiny_config(devkit, '', loss, epochs=epochs)
        cfg.pop('work_dir')
        cfg.custom_imports.imports = ['wsml_mm', 'helpers']
        set_hook(cfg, 'spy', type='SpyHook')
        set_hook(cfg, 'head', type='HeadHook')
        for key, value in overrides.items():
            cfg[key] = value
        path = tmp_path / f'{name}.py'
        cfg.dump(path)
        return str(path)

    return write


def _runs(module, monkeypatch):
    """Lets the runners that a command builds be seen."""
    built = []
    original = module.build_runner

    def build(cfg):
        cfg.experiment_name = f'{os.path.abspath(cfg.work_dir)}_{len(built)}_{os.urandom(4).hex()}'
        built.append(original(cfg))
        return built[-1]

    monkeypatch.setattr(module, 'build_runner', build)
    return built


@pytest.fixture
def trained(monkeypatch):
    built = _runs(training, monkeypatch)

    def run(*argv):
        train_cli.main([str(a) for a in argv])
        return built[-1]

    run.built = built
    return run


# Training


@pytest.mark.smoke
def test_train(config, trained):
    runner = trained(config())
    work_dir = Path('work_dirs/tiny')
    assert Path(runner.work_dir) == work_dir.absolute()
    assert {p.name for p in work_dir.glob('*.pth')} >= {'epoch_2.pth'}
    assert [*work_dir.glob('best_multi-label_mAP_epoch_*.pth')]
    assert len(corrections_in(load(work_dir / 'epoch_2.pth'))['keys']) == 8


def test_work_dir_and_cfg_options(config, trained):
    runner = trained(
        config(),
        '--work-dir',
        'here',
        '--cfg-options',
        'train_cfg.max_epochs=1',
        'randomness.seed=4',
    )
    assert runner.epoch == 1
    assert runner.seed == 4
    assert Path('here/epoch_1.pth').is_file()


@pytest.mark.parametrize('which', ['auto', 'path'])
def test_resume(config, trained, which):
    path = config()
    trained(path, '--work-dir', 'run')
    more = ['--cfg-options', 'train_cfg.max_epochs=3']
    given = ['--resume'] if which == 'auto' else ['--resume', 'run/epoch_2.pth']
    runner = trained(path, '--work-dir', 'run', *given, *more)
    assert {s['epoch'] for s in spy_of(runner).steps} == {2}
    assert len(loss_of(runner).corrections) == 8 + len(spy_of(runner).selected())


def test_resume_of_a_killed_run(config, trained):
    path = config(epochs=3)
    options = ['default_hooks.kill.type=InterruptHook', 'default_hooks.kill.epoch=1']
    with pytest.raises(Interrupted):
        trained(path, '--cfg-options', *options)
    runner = trained(path, '--resume')
    assert {s['epoch'] for s in spy_of(runner).steps} == {1, 2}


def test_no_validate(config, trained):
    runner = trained(config(), '--no-validate')
    assert runner.val_loop is None
    assert not [key for key in runner.message_hub.log_scalars if key.startswith('val/')]


def test_auto_scale_lr(config, trained):
    path = config(epochs=1, auto_scale_lr=dict(base_batch_size=12, enable=False))
    runner = trained(path, '--auto-scale-lr')
    assert scalars(runner, 'train/lr')[0] == pytest.approx(0.1 * 6 / 12)


def _made(path, *argv):
    return train_cli.make_config(train_cli.parse_args([path, *argv]))


def test_loader_options(config):
    path = config()
    cfg = Config.fromfile(path)
    cfg.train_dataloader.pop('persistent_workers')
    cfg.train_dataloader.num_workers = 2
    cfg.dump(path)
    made = _made(path).train_dataloader
    assert made.persistent_workers
    assert made.collate_fn.type == 'default_collate'
    assert not _made(path, '--no-persistent-workers').train_dataloader.persistent_workers
    assert not _made(path, '--no-pin-memory').train_dataloader.pin_memory
    cfg.train_dataloader.persistent_workers = True
    cfg.dump(path)
    none = _made(path, '--cfg-options', 'train_dataloader.num_workers=0').train_dataloader
    assert not none.persistent_workers  # for which PyTorch refuses to build a loader
    assert not _made(path).val_dataloader.get('persistent_workers')


def test_every_epoch_is_kept_on_request(config):
    path = config()
    assert _made(path).default_hooks.checkpoint.get('max_keep_ckpts') != -1
    assert _made(path, '--keep-epochs').default_hooks.checkpoint.max_keep_ckpts == -1


def test_amp_sets_the_wrapper(config):
    made = _made(config(), '--amp').optim_wrapper
    assert made.type == 'AmpOptimWrapper'
    assert made.loss_scale == 'dynamic'


def test_unknown_config_is_named():
    with pytest.raises(FileNotFoundError, match=r'nothing\.py'):
        _made('nothing.py')


def test_configs_of_the_package_are_found_by_name():
    made = _made('scenes/lite0_linear.py', '--method', 'll-r')
    assert made.model.head.loss.type == 'LargeLossReject'
    assert made.work_dir == os.path.join('work_dirs', 'll-r_lite0_linear_scenes')


# Testing


@pytest.fixture
def checkpoint(config, trained):
    path = config()
    trained(path, '--work-dir', 'run')
    return path, 'run/epoch_2.pth'


@pytest.mark.smoke
def test_metrics_to_a_file(checkpoint, trained):
    path, file = checkpoint
    test_cli.main([path, file, '--out', 'metrics.json', '--out-item', 'metrics'])
    found = json.loads(Path('metrics.json').read_text())
    # The test set of this config is its validation set.
    validated = scalars(trained.built[-1], 'val/multi-label/mAP')[-1]
    assert found['multi-label/mAP'] == pytest.approx(validated, rel=1e-12)


def test_cfg_options_of_test(checkpoint):
    path, file = checkpoint
    options = ['test_evaluator.classwise=True']
    command = [path, file, '--out', 'm.json', '--out-item', 'metrics', '--cfg-options', *options]
    test_cli.main(command)
    found = json.loads(Path('m.json').read_text())
    assert {f'multi-label/AP/{name}' for name in CLASSES} <= found.keys()


def test_metrics_that_are_not_defined(checkpoint, monkeypatch):
    """A class without a positive has no AP; NaN would make a file that is no JSON."""
    metrics = {'multi-label/mAP': 5.0, 'multi-label/AP/ant': float('nan')}
    monkeypatch.setattr('mmengine.runner.Runner.test', lambda _: metrics)
    for name in ('m.json', 'm.pkl', 'm.yml'):
        test_cli.main([*checkpoint, '--out', name, '--out-item', 'metrics'])
    found = json.loads(Path('m.json').read_text(), parse_constant=pytest.fail)
    assert found == {'multi-label/mAP': 5.0, 'multi-label/AP/ant': None}
    assert math.isnan(pickle.loads(Path('m.pkl').read_bytes())['multi-label/AP/ant'])


def test_a_file_of_metrics_has_a_known_kind(capsys):
    with pytest.raises(SystemExit, match='2'):
        test_cli.parse_args(['c.py', 'x.pth', '--out', 'm.txt', '--out-item', 'metrics'])
    assert '--out m.txt: metrics are written to a file of .json,' in capsys.readouterr().err


@pytest.mark.parametrize('item', [[], ['--out-item', 'pred']])
def test_predictions_to_a_file(checkpoint, devkit, item):
    path, file = checkpoint
    test_cli.main([path, file, '--out', 'pred.pkl', *item])
    found = pickle.loads(Path('pred.pkl').read_bytes())
    truth = read_devkit(devkit, 'val')
    assert [os.path.basename(s['img_path']) for s in found] == list(truth)
    for sample in found:
        labels = truth[os.path.basename(sample['img_path'])]
        assert sample['gt_score'].tolist() == labels.tolist()
        assert sample['pred_score'].shape == (5,)


def test_out_item_needs_out(checkpoint, capsys):
    with pytest.raises(SystemExit):
        test_cli.main([*checkpoint, '--out-item', 'metrics'])
    assert '--out FILE' in capsys.readouterr().err


def test_tta(checkpoint):
    path, file = checkpoint
    test_cli.main([path, file, '--tta', '--out', 'm.json', '--out-item', 'metrics'])
    assert json.loads(Path('m.json').read_text())['multi-label/mAP'] > 0


def test_tta_reaches_every_pipeline_below_wrappers(devkit):
    inner = dataset_config(devkit, 'val')
    several = [dict(inner, type='SurveyLabels'), inner['dataset']]
    cfg = tiny_config(devkit, '')
    cfg.test_dataloader.dataset = dict(
        type='RepeatDataset', times=1, dataset=dict(type='ConcatDataset', datasets=several)
    )
    last = inner['dataset']['pipeline'][-1]
    test_cli._add_tta(cfg)
    first, second = cfg.test_dataloader.dataset.dataset.datasets
    for pipeline in (first.dataset.pipeline, second.pipeline):
        assert pipeline[-1].type == 'TestTimeAug'
        assert pipeline[-1].transforms[-1] == [last]
    assert cfg.model.type.endswith('AverageClsScoreTTA')
    cfg.test_dataloader.dataset = dict(type='VOC2012')
    with pytest.raises(ValueError, match='no dataset of test_dataloader has a pipeline'):
        test_cli._add_tta(cfg)


def test_show_dir(checkpoint, devkit):
    path, file = checkpoint
    test_cli.main([path, file, '--show-dir', 'shown'])
    assert len([*Path(test_cli.parse_args([path, file]).config).parent.rglob('shown/*')]) == 8


def test_missing_checkpoint_is_named(config):
    with pytest.raises(FileNotFoundError, match='nothing'):
        test_cli.main([config(), 'nothing.pth'])


# Two stages


def _two_stages(config, devkit, carry, loss=None, **kwargs):
    cfg = tiny_config(devkit, '')
    extractor = dict(
        backbone=cfg.model.backbone,
        neck=cfg.model.neck,
        data_preprocessor=cfg.model.data_preprocessor,
    )
    train, val = (
        dataset_config(devkit, split, **more)
        for split, more in (('train', dict(observe=dict(type='SinglePositive'))), ('val', {}))
    )
    for wrapped in (train, val):
        source = wrapped['dataset']
        source['pipeline'] = [source['pipeline'][0], source['pipeline'][-1]]
        wrapped['dataset'] = dict(
            type='FeatureDataset', dataset=source, extractor=extractor, cache='features'
        )
    loaders = {
        'train_dataloader': {**cfg.train_dataloader, 'dataset': train},
        'val_dataloader': {**cfg.val_dataloader, 'dataset': val},
        'test_dataloader': {**cfg.val_dataloader, 'dataset': val},
    }
    model = dict(type='ImageClassifier', backbone=dict(type='FeatureInput'), head=cfg.model.head)
    loss = loss or dict(type='LargeLossCorrectPerm', delta_rel=5)
    model['head'] = {**cfg.model.head, 'loss': loss}
    config('first', epochs=3, model=model, **loaders)
    stage = dict(config='first.py', carry_corrections=carry, **kwargs)
    return config('second', loss, linear_init=stage)


@pytest.mark.parametrize('carry', [False, True])
def test_linear_init(config, trained, devkit, carry):
    second = _two_stages(config, devkit, carry)
    trained(second, '--work-dir', 'run')
    one, two = trained.built
    assert Path(one.work_dir) == Path('run/linear_init').absolute()
    assert {s['epoch'] for s in spy_of(one).steps} == {0, 1, 2}
    assert {s['epoch'] for s in spy_of(two).steps} == {0, 1}
    best = next(Path('run/linear_init').glob('best_*.pth'))
    saved = load(best)
    head = next(h for h in two.hooks if isinstance(h, HeadHook)).weight
    assert torch.equal(head.cpu(), saved['state_dict']['head.fc.weight'])
    # The schedule starts again; the corrections only if asked to.
    assert not spy_of(two).selected(0)
    carried = len(corrections_in(saved)['keys']) if carry else 0
    assert scalars(two, 'state/corrections/count')[0] == carried
    assert len(loss_of(two).corrections) == carried + len(spy_of(two).selected(1))


def test_linear_init_hands_over_estimates_to_a_new_optimiser(config, trained, devkit):
    """ROLE's estimates of every label go on from those of the best epoch of the linear layer."""
    second = _two_stages(config, devkit, True, dict(type='ROLELoss', expected_num_pos=2.0))
    trained(second, '--work-dir', 'run', '--cfg-options', 'model.head.loss.lr_mult=0.0')
    best = load(next(Path('run/linear_init').glob('best_*.pth')))
    data = best['wsml_mm']['losses'][0]['columns']['estimates']['data']
    store = loss_of(trained.built[1]).state.rows('estimates')
    assert torch.equal(store.data.cpu(), data)  # at a rate of 0 they stay as they were handed over
    assert int(next(iter(store._optimizer.state.values()))['step']) == 8  # of two epochs


def test_linear_init_shares_the_observed_labels(config, trained, devkit):
    second = _two_stages(config, devkit, False)
    options = ['train_dataloader.dataset.observe.seed=5', 'train_cfg.max_epochs=1']
    trained(second, '--work-dir', 'run', '--cfg-options', *options)
    one, two = (runner.train_dataloader.dataset for runner in trained.built)
    assert one.labels.fingerprint() == two.labels.fingerprint()
    assert one.observe.seed == 5


def test_linear_init_runs_the_first_stage_once(config, trained, devkit):
    second = _two_stages(config, devkit, False, cfg_options={'train_cfg.max_epochs': 1})
    trained(second, '--work-dir', 'run')
    assert [runner.epoch for runner in trained.built] == [1, 2]
    del trained.built[:]
    trained(second, '--work-dir', 'run')
    assert len(trained.built) == 1
    del trained.built[:]
    runner = trained(second, '--work-dir', 'run', '--resume', '--cfg-options',
                     'train_cfg.max_epochs=3')  # fmt: skip
    assert len(trained.built) == 1
    assert {s['epoch'] for s in spy_of(runner).steps} == {2}


def test_linear_init_resumes_a_killed_first_stage(config, trained, devkit):
    second = _two_stages(
        config,
        devkit,
        False,
        cfg_options={
            'default_hooks.kill.type': 'InterruptHook',
            'default_hooks.kill.epoch': 1,
            'train_cfg.max_epochs': 2,
        },
    )
    with pytest.raises(Interrupted):
        trained(second, '--work-dir', 'run')
    second = _two_stages(config, devkit, False, cfg_options={'train_cfg.max_epochs': 2})
    del trained.built[:]
    trained(second, '--work-dir', 'run', '--resume')
    one, two = trained.built
    assert {s['epoch'] for s in spy_of(one).steps} == {1}
    # The second stage starts from the first's weights and does not take over its epochs.
    assert {s['epoch'] for s in spy_of(two).steps} == {0, 1}


# Other programs


@pytest.mark.skipif(not STOCK_TRAIN.is_file(), reason='this MMPretrain ships no tools')
def test_stock_tool_of_mmpretrain(config):
    path = config()
    result = run_python(str(STOCK_TRAIN), path, '--work-dir', 'stock')
    assert result.returncode == 0, result.stderr[-3000:]
    assert len(corrections_in(load(Path('stock/epoch_2.pth')))['keys']) == 8
    more = ['--resume', '--cfg-options', 'train_cfg.max_epochs=3']
    result = run_python(str(STOCK_TRAIN), path, '--work-dir', 'stock', *more)
    assert result.returncode == 0, result.stderr[-3000:]
    assert len(corrections_in(load(Path('stock/epoch_3.pth')))['keys']) == 16
    assert 'label/positive/count' in log_text(Path('stock'))


def test_two_processes(config, devkit):
    """On 2 x CPU, DDP and gloo: what the checkpoint holds is what both ranks selected."""
    skip_on_gpu()
    out = Path('spies')
    out.mkdir()
    path = config(epochs=3)
    cfg = Config.fromfile(path)
    cfg.default_hooks.spy.out = str(out.absolute())
    cfg.train_dataloader.dataset.indices = 21  # uneven: one sample is seen by both
    cfg.dump(path)
    result = run_python(
        '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2',
        '-m', 'wsml_mm.cli.train', path, '--launcher', 'pytorch', '--work-dir', 'run',
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    ranks = [json.loads((out / f'rank{rank}.json').read_text()) for rank in (0, 1)]
    names = list(read_devkit(devkit))
    chosen = [set(selected_pairs(steps)) for steps in ranks]
    assert chosen[0]
    assert chosen[1]
    state = corrections_in(load(Path('run/epoch_3.pth')))
    found = {(names[key // 5], key % 5) for key in state['keys'].tolist()}
    assert found == chosen[0] | chosen[1]
    # A label that one rank corrected in epoch 1 is held by the other in epoch 2.
    held = set(selected_pairs(ranks[0] + ranks[1], 1))
    for steps in ranks:
        assert not held & set(selected_pairs(steps, 2))
    seen = [os.path.basename(p) for r in ranks for s in r if s['epoch'] == 0 for p in s['paths']]
    assert len(seen) == 22
    assert set(seen) == set(names[:21])
    logged = load(Path('run/epoch_3.pth'))['message_hub']['log_scalars']['label/positive/count']
    both = [len(selected_pairs(ranks[0] + ranks[1], epoch)) for epoch in range(3)]
    assert logged['__history_buffer__']['log']['__ndarray__'].tolist() == both
