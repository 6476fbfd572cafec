"""`wsml-mm export`: the file, its card, and what it refuses."""

from __future__ import annotations

import json
import shutil

import pytest
from helpers import CLASSES
from mmengine.config import Config

from wsml_mm.apis import assemble
from wsml_mm.apis.export import read_metadata
from wsml_mm.apis.model_facts import UNKNOWN_LICENCE, model_facts
from wsml_mm.cli import export
from wsml_mm.experiments.results import METRIC, RunResult, write_result

AP = {name: 10.0 * place for place, name in enumerate(CLASSES)}


def write_run(run, folder):
    """Puts the checkpoint into a finished run of `compare`."""
    folder.mkdir()
    shutil.copy(run.checkpoint, folder / 'epoch_2.pth')
    (folder / 'last_checkpoint').write_text('/elsewhere/epoch_2.pth')
    test = {METRIC: 20.0, **{f'multi-label/AP/{name}': value for name, value in AP.items()}}
    test['multi-label/AP/elk'] = float('nan')
    scores = {'best': {METRIC: 30.0}, 'last': test}
    result = RunResult(
        'Mine', 'mine', 'VOC2012', 'own', 7, 1, 2.0, scores, [1.0, 2.0],
        identity={'train labels': 'abc', 'train images': 'def', 'model.type': 'ImageClassifier'},
    )  # fmt: skip
    write_result(folder / 'result.json', result)
    return folder / 'epoch_2.pth'


def test_a_model_and_its_card(linear_run, tmp_path, capsys):
    checkpoint = write_run(linear_run, tmp_path / 'run')
    out = tmp_path / 'out' / 'model.pt2'
    (tmp_path / 't.json').write_text(json.dumps(dict.fromkeys(CLASSES, 0.5) | {'ant': None}))
    command = [str(linear_run.config), str(checkpoint), '--out', str(out)]
    export.main([*command, '--threshold', str(tmp_path / 't.json'), '--licence', 'CC BY | 4.0'])
    assert 'torch.export, scores within 0.0e+00 of the model' in capsys.readouterr().out
    card = (tmp_path / 'out' / 'model.pt2.md').read_text()
    assert card.startswith('# linear: Mine\n\n`model.pt2` is a multi-label classifier of 5 classes')
    assert 'Licence: CC BY | 4.0.' in card
    assert '| test mAP | 20.0 (last epoch) |' in card
    assert '| ant | 0.0 | never |\n| bee | 10.0 | 0.5 |' in card
    assert '| elk |  | 0.5 |' in card
    assert '| train labels | abc |' in card
    assert 'model.type' not in card
    facts = json.loads((tmp_path / 'out' / 'model.pt2.json').read_text())
    assert facts['export']['format'] == 'torch.export'
    assert facts['loss'] == 'AssumeNegativeLoss'
    saved = assemble(str(linear_run.config), checkpoint).saved['wsml_mm_training']
    assert facts['data']['fingerprint of images and observed labels'] == saved['labels']
    assert facts['versions'].keys() >= {'python', 'torch', 'wsml_mm'}
    assert facts['sha256'].keys() == {'epoch_2.pth', 'model.pt2'}
    assert facts['thresholds'] == read_metadata(out)['thresholds']
    assert facts['thresholds']['ant'] is None


def test_a_card_says_what_is_not_known(whole_run):
    cfg = Config.fromfile(whole_run.config)
    cfg.method = dict(key='ll-r', title='LL-R')
    cfg.model.head.loss = dict(type='LargeLossReject', delta_rel=1)
    facts = model_facts(assemble(cfg, whole_run.checkpoint))
    assert facts['method'] is None  # the checkpoint was trained with another loss
    assert facts['loss'] == 'AssumeNegativeLoss'
    assert 'test' not in facts
    assert facts['licence'] == UNKNOWN_LICENCE
    cfg.model.head.loss = dict(type='AssumeNegativeLoss')
    cfg.method.title = 'AN'
    assert model_facts(assemble(cfg, whole_run.checkpoint))['method'] == 'AN'


def test_refusals(whole_run, linear_run, tmp_path):
    for command, error, says in (
        ([whole_run.config, whole_run.checkpoint, '--out', 'x.h5'], ValueError, 'x.h5: models are'),
        ([whole_run.config, linear_run.checkpoint, '--out', 'x.pt2'], ValueError, 'is no checkpo'),
        ([whole_run.config, tmp_path / 'no.pth', '--out', 'x.pt2'], FileNotFoundError, 'no such c'),
        ([whole_run.config, tmp_path, '--out', 'x.pt2'], ValueError, 'is a folder; name the check'),
    ):
        with pytest.raises(error, match=says) as refusal:
            export.main([*map(str, command)])
        assert '\n' not in str(refusal.value)
