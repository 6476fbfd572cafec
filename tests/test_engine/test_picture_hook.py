from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from mmengine.visualization import Visualizer
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from wsml_mm.engine.hooks.picture_hook import PictureHook, picture_names


@pytest.mark.parametrize(
    ('paths', 'names'),
    [
        (['d/a.jpg', 'd/b.jpg'], ['a.jpg', 'b.jpg']),
        (['d/a/1.jpg', 'd/b/1.jpg', 'd/c/2.jpg'], ['a/1.jpg', 'b/1.jpg', '2.jpg']),
        (['d/1.jpg', 'd/b/1.jpg'], ['1.jpg', 'b/1.jpg']),
        (['a/x/1.jpg', '/b/y/1.jpg', 'c/x/1.jpg'], None),
        (['d/A.jpg', 'd/a.jpg'], ['A.jpg', 'a.jpg']),
        (['d/../d/1.jpg', 'e/1.jpg'], ['d/1.jpg', 'e/1.jpg']),
        (['d/a.jpg', 'd/a.jpg'], ['a.jpg', 'a.jpg']),
        ([], []),
    ],
)
def test_names_differ_and_stay_below_the_folder(paths, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = picture_names(paths)
    assert len({found[path] for path in paths}) == len(set(paths))
    assert not any(name.startswith(('/', '..')) for name in found.values())
    if names is not None:
        assert [found[path] for path in paths] == names


def test_a_picture_for_each_image(tmp_path, monkeypatch):
    visualizer = UniversalVisualizer()
    monkeypatch.setattr(Visualizer, 'get_current_instance', lambda: visualizer)
    hook = PictureHook(enable=True, interval=1, out_dir=str(tmp_path / 'shown'))
    paths = ['d/a/1.jpg', 'd/b/1.jpg', 'd/b/2.jpg']
    infos = [{'img_path': path} for path in paths]
    data = type('Data', (), {'get_data_info': lambda _, i: infos[i], '__len__': lambda _: 3})()
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=data))
    hook.before_test(runner)
    samples = [DataSample(metainfo=info).set_pred_score(torch.ones(2)) for info in infos]
    samples = [sample.set_pred_label(1) for sample in samples]
    hook.after_test_iter(runner, 0, {'inputs': torch.zeros(3, 3, 16, 16)}, samples)
    shown = {str(p.relative_to(tmp_path / 'shown')) for p in tmp_path.rglob('*.png')}
    assert shown == {'a/1.jpg_0.png', 'b/1.jpg_0.png', '2.jpg_0.png'}
