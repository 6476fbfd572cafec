from __future__ import annotations

import pytest
import user_datasets  # noqa: F401 (registers)
from mmengine.config import Config

from wsml_mm.datasets.table import ProblemLog
from wsml_mm.reports.dataset import check_splits


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'train.csv').write_text('image,positive\na.jpg,cat\nb.jpg,dog\n')
    (tmp_path / 'val.csv').write_text('image,positive\nc.jpg,dog|cat\n')
    return tmp_path


def problems_of(root, train=None, val=None, width=2, **kwargs):
    def loader(file, options):
        table = dict(type='LabelTable', data_root=str(root), ann_file=file, **(options or {}))
        return dict(dataset=dict(type='PartialLabelDataset', dataset=table))

    val_loader = loader('val.csv', val)
    cfg = Config(
        dict(
            model=dict(head=dict(num_classes=width)),
            train_dataloader=loader('train.csv', train),
            val_dataloader=val_loader,
            test_dataloader=val_loader,
        )
    )
    log = ProblemLog()
    check_splits(cfg, ('cat', 'dog'), 'train', log)
    return log, [str(f) for problems in log.kept.values() for f in problems]


def test_loaders_that_go_together(root):
    assert problems_of(root)[1] == []


def test_width_of_the_model(root):
    _, (problem,) = problems_of(root, width=5)
    assert 'model.head.num_classes=5, but the data have 2 classes; say model = dict(' in problem


@pytest.mark.parametrize(
    ('text', 'what'),
    [
        ('image,positive\nc.jpg,dog\n', 'val and train have different classes (cat)'),
        ('image,positive\nc.jpg,elk|dog|cat\n', 'val and train have different classes (elk)'),
    ],
)
def test_classes_of_the_validation_data(root, text, what):
    (root / 'val.csv').write_text(text)
    log, (problem,) = problems_of(root)  # val and test share the table: once
    assert f'{what}; give both the same classes=...' in problem
    assert log.serious == 1


def test_order_of_the_classes(root):
    _, (problem,) = problems_of(root, val=dict(classes=['dog', 'cat']))
    assert 'val and train have different classes (their order)' in problem


def test_images_in_two_splits(root):
    (root / 'val.csv').write_text('image,positive\nb.jpg,dog\nc.jpg,cat\n')
    log, (problem,) = problems_of(root)
    assert "image 'b.jpg' is in train.csv and in val.csv; keep it in one" in problem
    assert log.serious == 0
    assert problems_of(root, val=dict(data_prefix='other'))[1] == []


def test_a_users_kind_of_table_is_compared(root):
    table = dict(type='SurveyTable', data_root=str(root))
    cfg = Config(
        dict(
            model=dict(head=dict(num_classes=2)),
            train_dataloader=dict(dataset=dict(type='SurveyLabels', dataset=table)),
            val_dataloader=dict(dataset=dict(table, ann_file='val.csv')),
        )
    )
    (root / 'val.csv').write_text('image,positive\na.jpg,dog|cat\n')
    log = ProblemLog()
    check_splits(cfg, ('cat', 'dog'), 'train', log)
    (problem,) = log.kept['image in two splits']
    assert "image 'a.jpg' is in train.csv and in val.csv" in str(problem)
