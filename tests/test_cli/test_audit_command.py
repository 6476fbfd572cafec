"""`wsml-mm audit` on trained models."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from helpers import (
    CLASSES,
    correction_rows,
    corrections_in,
    load,
    loss_of,
    read_devkit,
    tiny_config,
    train,
    write_devkit,
)
from hostile import Case, refusals
from mmengine.config import Config
from trained_runs import of_size, train_run

from wsml_mm import LabelTable
from wsml_mm.apis.training_scores import TrainingScores, models_of, training_set_of
from wsml_mm.cli import audit
from wsml_mm.experiments.compose import read_config
from wsml_mm_cli.audit import parse_args


def rows_of(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_an_audit(linear_run, tmp_path, capsys):
    checkpoints = [str(linear_run.checkpoint.with_name(f'epoch_{n}.pth')) for n in (1, 2)]
    out = tmp_path / 'audit'
    folder = str(linear_run.checkpoint.parent)
    audit.main([str(linear_run.config), folder, '--out', str(out), '--for-tools',
                '--per-class', '3', '--top', '4', '--device', 'cpu'])  # fmt: skip
    rows = rows_of(out / 'suspicions.csv')
    missing = [row for row in rows if row['list'] == 'missing']
    assert 15 <= len(missing) <= 19
    assert [row['rank'] for row in missing] == [str(n + 1) for n in range(len(missing))]
    record = json.loads((out / 'audit.json').read_text())
    assert record['checkpoints'] == checkpoints
    assert (record['combined_checkpoints'], record['trained_epochs']) == (2, 2)
    printed, told = capsys.readouterr()
    assert '--keep-epochs' not in told
    assert '24 images x 5 classes; listed: ' in printed
    assert 'labels that are missing, by estimate: ' in printed
    assert sorted(path.name for path in out.iterdir()) == [
        'audit.json', 'fiftyone.json', 'label_studio.json', 'label_studio.xml', 'suspicions.csv',
        'suspicions.parquet',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('held_out', 'given', 'trained', 'hint'),
    [
        (False, 1, 25, '1 of 25 epochs: the mean over all finds more'),
        (False, 2, 25, '2 of 25 epochs'),
        (False, 13, 25, ''),
        (False, 1, 1, ''),
        (False, 1, None, ''),
        (True, 1, 25, ''),
    ],
)
def test_who_gives_few_epochs_hears_of_it(held_out, given, trained, hint):
    record = {'held_out': held_out, 'combined_checkpoints': given, 'trained_epochs': trained}
    found = audit.few_epochs(record)
    assert hint in found
    assert bool(found) is bool(hint)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'give one or more checkpoints, or --folds K'),
        (['a.pth', '--keep-epochs'], '--keep-epochs is for --folds'),
        (['a.pth', '--folds', '3'], 'give one or more checkpoints, or --folds K'),
        (['a.pth', '--per-class', '0', '--top', '0'], 'keeps nothing; raise one'),
        (['a.pth', '--image-prefix', '/x/'], '--image-prefix is for Label Studio'),
        (['a.pth', '--folds', '1'], '1: a number of folds, 2 to 100'),
    ],
)
def test_usage_errors(words, message, capsys):
    with pytest.raises(SystemExit):
        parse_args(['c.py', '--out', 'x', *words])
    assert message in capsys.readouterr().err


def write_verdicts(path, audited, judge):
    """Judges every missing label of an audit; `judge` says yes or no by image and class."""
    rows = [row for row in rows_of(audited / 'suspicions.csv') if row['list'] == 'missing']
    lines = [
        f'{row["image"]},{row["class"]},{"accept" if judge(row) else "reject"}' for row in rows
    ]
    path.write_text('\n'.join(['image,class,verdict', *lines]) + '\n')
    return rows


def test_no_model_judges_its_own_labels(linear_run, tmp_path, capsys):
    out = tmp_path / 'audit'
    command = [str(linear_run.config), '--folds', '3', '--out', str(out), '--device', 'cpu']
    command += ['--keep-epochs']
    audit.main(command)
    record = json.loads((out / 'audit.json').read_text())
    assert (len(record['checkpoints']), record['combined_checkpoints']) == (6, 2)
    assert record['held_out'] is True
    assert record['trained_on_these_labels'] is True
    assert record['scored_images'] == 24
    whole = training_set_of(read_config(str(linear_run.config)))
    seen = []
    for number, checkpoint in enumerate(record['checkpoints'][1::2], start=1):
        leaf = training_set_of(read_config(str(out / 'folds' / f'fold_{number}.py')))
        held_out = np.setdiff1d(whole.indices, leaf.indices)
        assert (len(leaf), len(held_out)) == (16, 8)
        assert leaf.labels.fingerprint() == whole.labels.fingerprint()
        seen += held_out.tolist()
        (model,) = models_of(read_config(str(linear_run.config)), [checkpoint], whole, 'cpu')
        for rows, (scores,) in TrainingScores(whole, [model], held_out):
            names = [list(whole.dataset.image_names())[row] for row in rows]
            expected = dict(zip(names, scores[:, 0].tolist(), strict=True))
            for row in rows_of(out / 'suspicions.csv'):
                if row['class'] == CLASSES[0] and row['image'] in expected:
                    assert float(row['probability']) == pytest.approx(expected[row['image']])
    assert sorted(seen) == list(range(24))
    before = (out / 'suspicions.csv').read_text()
    capsys.readouterr()
    audit.main(command)  # the models are kept
    assert (out / 'suspicions.csv').read_text() == before


def audit_into(folder, run, *options):
    audit.main([str(run.config), str(run.checkpoint), '--out', str(folder), '--device', 'cpu',
                *options])  # fmt: skip


def test_the_way_back_to_a_better_model(linear_run, tmp_path, capsys):
    """True verdicts into a mask and into a table; both train on all labels."""
    audit_into(tmp_path / 'audit', linear_run, '--method', 'll-r')
    truth = read_devkit(linear_run.images.parent)
    write_verdicts(tmp_path / 'audit' / 'verdicts.csv', tmp_path / 'audit',
                   lambda row: truth[row['image']][CLASSES.index(row['class'])])  # fmt: skip
    config, verdicts = str(linear_run.config), str(tmp_path / 'audit' / 'verdicts.csv')
    for name in ('new.npz', 'new_table.csv'):
        audit.main(['apply', verdicts, '--to', config, '--out', str(tmp_path / name)])
        printed = capsys.readouterr().out
        new = (tmp_path / name).with_suffix('.py')
        assert f'  wsml-mm train {new} --method ll-r\n' in printed
        assert '96 labels with verdicts: ' in printed
        leaf = training_set_of(read_config(str(new)))
        expected = np.stack([truth[image] for image in leaf.dataset.image_names()])
        np.testing.assert_array_equal(leaf.labels.rows(np.arange(24)), expected)
    cfg = Config.fromfile(new)
    cfg.work_dir = str(tmp_path / 'run')
    train(cfg)
    assert (tmp_path / 'run' / 'epoch_2.pth').is_file()
    again = ['apply', verdicts, '--to', str(new), '--out', str(tmp_path / 'again.csv')]
    with pytest.raises(ValueError, match=r'of other observed labels than \S+new_table.py has; if'):
        audit.main(again)
    assert not (tmp_path / 'again.csv').exists()


def test_state_is_carried_over(tmp_path, capsys):
    kit = write_devkit(tmp_path / 'kit', train=18)
    run = train_run(of_size(tiny_config(kit, tmp_path / 'cp', 'LL-Cp')), tmp_path / 'cp')
    audit_into(tmp_path / 'audit', run)
    rows = rows_of(tmp_path / 'audit' / 'suspicions.csv')
    first = next(row for row in rows if row['first_selected'])
    verdicts = tmp_path / 'audit' / 'v.csv'
    verdicts.write_text(f'image,class,verdict\n{first["image"]},{first["class"]},reject\n')
    command = ['apply', str(verdicts), '--to', str(run.config), '--state-from', str(run.checkpoint)]
    audit.main([*command, '--out', str(tmp_path / 'new.csv')])
    assert '1 entries of the old training are observed by now' in capsys.readouterr().out
    cfg = Config.fromfile(tmp_path / 'new.py')
    cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path / 'run'), 1
    found = correction_rows(loss_of(train(cfg)))
    kept = correction_rows_of(run.checkpoint)
    assert len(found) == len(kept) - 1
    assert set(found) < set(kept)
    with pytest.raises(ValueError, match='holds label state of other images or observed labels'):
        audit.main(['apply', str(verdicts), '--audit', str(tmp_path / 'audit2'), '--to',
                    str(tmp_path / 'new.py'), '--out', str(tmp_path / 'x.csv'), '--state-from',
                    str(run.checkpoint)] if audit_again(tmp_path, run) else [])  # fmt: skip
    assert not (tmp_path / 'x.csv').exists()


def audit_again(folder, run):
    """An audit of the new labels, with the old model, which says so."""
    audit.main([str(folder / 'new.py'), str(run.checkpoint), '--out', str(folder / 'audit2'),
                '--device', 'cpu'])  # fmt: skip
    return (
        json.loads((folder / 'audit2' / 'audit.json').read_text())['trained_on_these_labels']
        is False
    )


def correction_rows_of(checkpoint):
    saved = corrections_in(load(checkpoint))
    keys, epochs = saved['keys'].numpy(), saved['epochs'].numpy()
    return [(int(k // 5), int(k % 5), int(e)) for k, e in zip(keys, epochs, strict=True)]


def test_a_table_of_ones_own(tmp_path, capsys):
    (tmp_path / 'train.csv').write_text('image,positive,negative\na.jpg,cat|dog,\nb.jpg,dog,\n')
    (tmp_path / 'v.csv').write_text('image,class,verdict\nb.jpg,cat,accept\n')
    out = tmp_path / 'new' / 'labels.csv'
    audit.main(['apply', str(tmp_path / 'v.csv'), '--to', str(tmp_path / 'train.csv'), '--out',
                str(out)])  # fmt: skip
    dataset = LabelTable(out.parent, out.name)
    assert dataset.sparse_labels().rows([0, 1]).tolist() == [[1, 1], [1, 1]]
    record = json.loads(out.with_name('labels.csv.record.json').read_text())
    assert record['changes']['unobserved -> positive'] == 1
    assert record['labels'] != record['labels_before']
    assert '1 labels with verdicts: 1 unobserved -> positive' in capsys.readouterr().out


GOOD = 'image,class,verdict\nb.jpg,cat,accept\n'


def applying(verdicts=GOOD, options=(), record=None, out='new.csv'):
    """A table of two images; verdicts on it, and maybe the record of an audit beside them."""

    def make(folder):
        (folder / 'train.csv').write_text('image,positive\na.jpg,cat|dog\nb.jpg,dog\n')
        (folder / 'v.csv').write_text(verdicts)
        (folder / 'old.csv').write_text('kept')
        if record is not None:
            facts = {'classes': ['cat', 'dog'], 'images': 2, 'fingerprint': 'f', 'labels': 'l'}
            (folder / 'audit.json').write_text(json.dumps(facts | record))
        words = ['apply', str(folder / 'v.csv'), '--to', str(folder / 'train.csv'), '--out',
                 str(folder / out), *options]  # fmt: skip
        return lambda: audit.main(words)

    return make


# fmt: off
test_refusal = refusals(
    Case('a pair not in the data', applying(GOOD + 'c.jpg,cat,accept\n'), ValueError,
         "v.csv:3: image 'c.jpg' is not in the data"),
    Case('a class not in the data', applying(GOOD + 'a.jpg,cow,accept\n'), ValueError,
         "v.csv:3: 'cow' is no class of the data"),
    Case('another class list', applying(record={'classes': ['cat', 'cow']}), ValueError,
         'audit.json: is of other classes than ... only there: cow'),
    Case('other images', applying(record={}), ValueError,
         'audit.json: is of other images than ... apply the verdicts to the data'),
    Case('two people', applying(GOOD + 'b.jpg,cat,reject\n'), ValueError,
         "v.csv:3: 'cat' of 'b.jpg' is reject, and accept in ... --on-conflict unsure"),
    Case('a broken file', applying(GOOD + 'a.jpg,"c'), ValueError, 'v.csv: is no table'),
    Case('over its input', applying(out='train.csv'), ValueError,
         'train.csv: is read by this command; give another file'),
    Case('over a file', applying(out='old.csv'), ValueError,
         'old.csv: is there already; give another --out, or remove it'),
    Case('a mask of a table', applying(out='x.npz'), ValueError, 'x.npz: a mask is of a config'),
    Case('a method of a table', applying(options=['--method', 'an']), ValueError, '--method'),
)
# fmt: on


def test_state_needs_a_config(capsys):
    with pytest.raises(SystemExit):
        parse_args(['apply', 'v.csv', '--to', 'x.csv', '--out', 'y.csv', '--state-from', 'z.pth'])
    assert '--state-from needs a config' in capsys.readouterr().err
