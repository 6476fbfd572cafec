from __future__ import annotations

import pytest
from mmengine.config import Config

from wsml_mm.datasets.table import ProblemLog
from wsml_mm.reports.dataset import check_evaluation, dataset_of_loader

FULL = 'image,positive,negative\nc.jpg,dog,*\nd.jpg,cat,*\n'
FORGOTTEN = 'image,positive\nc.jpg,dog\nd.jpg,cat\n'
IN_PART = 'image,positive,negative\nc.jpg,dog,cat\nd.jpg,cat|dog,\n'


def loader(root, file):
    table = dict(type='LabelTable', data_root=str(root), ann_file=file, classes=['cat', 'dog'])
    return dict(dataset=dict(type='PartialLabelDataset', dataset=table))


def found(root, val, test=FULL, checked='train', **evaluator):
    for name, text in (('train', FORGOTTEN), ('val', val), ('test', test)):
        (root / f'{name}.csv').write_text(text)
    cfg = Config(
        dict(
            {
                f'{name}_dataloader': loader(root, f'{name}.csv')
                for name in ('train', 'val', 'test')
            },
            val_evaluator=[dict(type='MeanAveragePrecision', **evaluator)],
            test_evaluator=dict(type='MeanAveragePrecision'),
        )
    )
    log = ProblemLog()
    dataset = dataset_of_loader(cfg, checked, log)
    check_evaluation(cfg, checked, dataset, log)
    return log, [str(problem) for problems in log.kept.values() for problem in problems]


@pytest.mark.parametrize('checked', ['train', 'val'])
def test_a_forgotten_star(tmp_path, checked):
    log, (problem,) = found(tmp_path, FORGOTTEN, checked=checked)
    assert log.serious == 1
    assert problem.startswith(
        'None (val): mAP: none of the 2 classes has a known positive and a known negative label '
        '(never negative: 2, never positive: 0, never annotated: 0)'
    )
    assert 'list the negatives of images that are annotated fully (`*`' in problem


def test_one_class_among_others(tmp_path):
    log, (problem,) = found(tmp_path, IN_PART)
    assert not log.serious
    assert "(val): class 'dog' has 2 positive and no known negative labels" in problem
    assert found(tmp_path, IN_PART, no_negatives='one')[1] == []
    log, (problem,) = found(tmp_path, FULL, IN_PART)
    assert "(test): class 'dog'" in problem


def test_what_can_be_scored_is_no_problem(tmp_path):
    assert found(tmp_path, FULL)[1] == []


def test_a_table_that_cannot_be_read(tmp_path):
    log, (problem,) = found(tmp_path, 'image,positive\nc.jpg,dgo\n')
    assert log.serious == 1
    assert "val.csv:2: unknown label 'dgo'; did you mean 'dog'? (all errors: --loader val)" in (
        problem
    )


def test_one_data_set_for_both_is_reported_once(tmp_path):
    (tmp_path / 'val.csv').write_text(FORGOTTEN)
    both = loader(tmp_path, 'val.csv')
    cfg, log = Config(dict(val_dataloader=both, test_dataloader=both)), ProblemLog()
    check_evaluation(cfg, 'train', None, log)
    assert log.counts == {'nothing to score': 1}


def test_features_around_hidden_labels_are_the_wrong_order(tmp_path):
    (tmp_path / 'val.csv').write_text(FULL)
    hidden = loader(tmp_path, 'val.csv')['dataset']
    wrong = dict(type='FeatureDataset', dataset=hidden, extractor={}, cache='c')
    cfg = Config(dict(val_dataloader=dict(dataset=wrong)))
    with pytest.raises(ValueError, match=r'FeatureDataset\(PartialLabelDataset\(...\)\) is the wr'):
        dataset_of_loader(cfg, 'val', ProblemLog())
