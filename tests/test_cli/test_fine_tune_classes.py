from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import dataset_config, load, tiny_config, write_devkit
from helpers import train as run_training

from wsml_mm.cli import fine_tune_classes as cli
from wsml_mm.datasets import feature_extraction

BACKBONE = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8,
                init_cfg=dict(type='Constant', layer='Conv2d', val=0.02))  # fmt: skip
EXTRACTOR = dict(
    backbone=BACKBONE,
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A linear layer on stored features with all labels known, and its config."""
    folder = tmp_path_factory.mktemp('cft')
    kit = write_devkit(folder / 'kit')
    torch.manual_seed(0)
    feature_extraction.build_extractor.cache_clear()

    def stored(split):
        config = dataset_config(kit, split)
        config['dataset']['pipeline'] = [config['dataset']['pipeline'][0], dict(type='PackInputs')]
        config['dataset'] = dict(
            type='FeatureDataset', dataset=config['dataset'], extractor=EXTRACTOR,
            cache=str(folder / 'cache'), num_workers=0,
        )  # fmt: skip
        return config

    cfg = tiny_config(kit, folder / 'run', 'AN', epochs=1, dataset=stored('train'))
    cfg.val_dataloader.dataset = stored('val')
    cfg.test_dataloader = cfg.val_dataloader
    cfg.model.backbone, cfg.model.neck = dict(type='FeatureInput'), None
    cfg.model.data_preprocessor = dict(type='FeaturePreprocessor')
    cfg.model.head.in_channels = 64
    cfg.dump(folder / 'linear.py')
    run_training(cfg)
    return folder


def test_the_checkpoint_has_the_fitted_rows_and_loads(trained, capsys):
    start, out = trained / 'run/epoch_1.pth', trained / 'tuned.pth'
    cli.main([str(trained / 'linear.py'), str(start), str(out), '--epochs', '5', '--lr', '0.1'])
    said = capsys.readouterr().out
    assert 'classes have known labels of both kinds' in said
    before, after = load(start)['state_dict'], load(out)['state_dict']
    assert before.keys() == after.keys()
    assert 'optimizer' not in load(out)
    low, high = (float(part) for part in said.split('of the ')[1].split(' ', 1)[1].split(' -> '))
    assert high >= low
    assert np.isfinite(after['head.fc.weight'].numpy()).all()


def test_bad_input_in_one_line(trained):
    config, start = str(trained / 'linear.py'), str(trained / 'run/epoch_1.pth')
    single = 'train_dataloader.dataset.observe.type=SinglePositive'
    with pytest.raises(ValueError, match='needs observed negatives beside positives'):
        cli.main([config, start, str(trained / 'x.pth'), '--cfg-options', single])
    with pytest.raises(FileNotFoundError, match='no such checkpoint'):
        cli.main([config, 'none.pth', str(trained / 'x.pth')])
    maps = 'train_dataloader.dataset.dataset.keep=map'
    with pytest.raises(ValueError, match='not one PartialLabelDataset of stored pooled features'):
        cli.main([config, start, str(trained / 'x.pth'), '--cfg-options', maps])
    with pytest.raises(ValueError, match=r'has no head\.fc\.weight'):
        cli.fine_tune(None, {'state_dict': {}})
    assert not (trained / 'x.pth').exists()
