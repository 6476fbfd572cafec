"""An exported model gives the scores of the model on real images, in batches of any size."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from helpers import CLASSES
from mmengine.model import BaseModule
from mmpretrain.models.utils import ShiftWindowMSA
from mmpretrain.registry import MODELS
from PIL import Image
from trained_runs import POOL, SIZE, SWIN, VIT, write_untrained

from wsml_mm.apis import assemble, export
from wsml_mm.apis.export import difference_on, export_model, exported_scores, read_metadata
from wsml_mm.apis.window_attention import window_reverse


@pytest.mark.parametrize(
    ('kind', 'suffix'),
    [('linear_run', '.onnx'), ('whole_run', '.pt2')],
)
def test_scores_of_photographs_are_those_of_the_model(kind, suffix, tmp_path, request):
    run = request.getfixturevalue(kind)
    trained = assemble(str(run.config), run.checkpoint, 'cpu')
    path = tmp_path / f'model{suffix}'
    thresholds = dict.fromkeys(CLASSES, 0.25)
    assert export_model(trained, path, thresholds=thresholds) < 1e-5
    for files in (run.files[:1], run.files[:7]):
        assert difference_on(path, trained, files) < 1e-5
    facts = read_metadata(path)
    assert facts['classes'] == list(CLASSES)
    assert facts['thresholds'] == thresholds
    assert facts['input']['size'] == [SIZE, SIZE]
    assert facts['pipeline'][0]['type'] == 'LoadResizedImage'
    # As its metadata say, without any code of the package.
    assert facts['input']['colour_order'] == 'RGB'
    image = Image.open(run.files[0]).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    pixels = (np.float32(image) - facts['input']['mean']) / facts['input']['std']
    images = pixels.transpose(2, 0, 1)[None].astype(np.float32)
    (sample,) = trained.predict([trained.preparing()(run.files[0])])
    np.testing.assert_allclose(exported_scores(path, images)[0], sample.pred_score, atol=1e-5)
    if suffix == '.onnx':
        model = onnx.load(path)
        assert [each.version for each in model.opset_import if not each.domain] == [export.OPSET]
        assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param  # any batch size
        assert [each.name for each in model.graph.output] == ['scores']
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ('backbone', 'neck', 'channels'),
    [(VIT, None, 24), (SWIN, POOL, 12)],
    ids=['vit', 'swin'],
)
def test_transformers(tmp_path, backbone, neck, channels):
    run = write_untrained(tmp_path, backbone, neck, channels, 32)
    trained = assemble(str(run.config), run.checkpoint, 'cpu')
    export_model(trained, tmp_path / 'model.onnx')
    assert difference_on(tmp_path / 'model.onnx', trained, run.files[:3]) < 1e-5


def test_windows_are_put_together_as_mmpretrain_does():
    windows = torch.randn(2 * 3 * 2, 4, 4, 5)
    found = window_reverse(windows, 12, 8, 4)
    assert torch.equal(found, ShiftWindowMSA.window_reverse(windows, 12, 8, 4))


@MODELS.register_module()
class Branching(BaseModule):
    """Cannot be traced: it looks at the values of its input."""

    def forward(self, x):
        return (x.flatten(1)[:, :16] * (2 if x.sum().item() > 0 else 1),)


def test_refusals(whole_run, tmp_path, monkeypatch):
    trained = assemble(str(whole_run.config), whole_run.checkpoint, 'cpu')
    with pytest.raises(ValueError, match=r'x.tflite: models are exported as .onnx, or as .pt2'):
        export_model(trained, tmp_path / 'x.tflite')
    with pytest.raises(ValueError, match=r'input_size=\(64, 64\): .* images of \(32, 32\)'):
        export_model(trained, tmp_path / 'x.pt2', [64])
    trained.config.test_dataloader.dataset.dataset.pipeline = [
        dict(type='LoadImageFromFile'), dict(type='PackInputs')]  # fmt: skip
    free = assemble(trained.config, whole_run.checkpoint, 'cpu')
    with pytest.raises(ValueError, match=r'leaves images as large as they are.*--input-size WIDTH'):
        export_model(free, tmp_path / 'x.pt2')
    export_model(free, tmp_path / 'free.pt2', [24, 40])
    assert exported_scores(tmp_path / 'free.pt2', np.zeros((1, 3, 40, 24), np.float32)).shape == (
        1,
        5,
    )
    with monkeypatch.context() as patch:
        patch.setattr(export, 'exported_scores', lambda path, images: np.zeros((len(images), 5)))
        with pytest.raises(ValueError, match=r'scores that differ by 0\.\d+ from the model'):
            export_model(trained, tmp_path / 'x.pt2')
    monkeypatch.setattr(export, 'find_spec', lambda name: None)
    with pytest.raises(
        ModuleNotFoundError, match=r'ONNX needs onnx: pip install "wsml_mm\[export\]"'
    ):
        export_model(trained, tmp_path / 'x.onnx')
    assert [p.name for p in tmp_path.iterdir()] == ['free.pt2']


def test_a_backbone_that_cannot_be_traced(tmp_path):
    run = write_untrained(tmp_path, dict(type='Branching'), None, 16, 32)
    trained = assemble(str(run.config), run.checkpoint, 'cpu')
    with pytest.raises(ValueError, match=r'random.py: Branching cannot be exported') as error:
        export_model(trained, tmp_path / 'x.pt2')
    assert '\n' not in str(error.value)
    assert not (tmp_path / 'x.pt2').exists()
