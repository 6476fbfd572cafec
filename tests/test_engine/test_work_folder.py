"""A work folder's checkpoints are found by name, wherever the folder is."""

from __future__ import annotations

import shutil

import pytest
import torch
from helpers import HeadHook, load, set_hook, tiny_config, train

from wsml_mm.engine.hooks import (
    best_checkpoint,
    epoch_checkpoints,
    last_checkpoint,
    newest_loadable,
    to_resume_from,
)


def test_newest_loadable(tmp_path):
    assert newest_loadable(tmp_path) is None
    for epoch in (2, 9, 10):
        torch.save({'epoch': epoch}, tmp_path / f'epoch_{epoch}.pth')
    torch.save({}, tmp_path / 'best_mAP_epoch_11.pth')  # without the optimiser: not to resume
    assert [p.name for p in epoch_checkpoints(tmp_path)] == [
        'epoch_2.pth', 'epoch_9.pth', 'epoch_10.pth',
    ]  # fmt: skip
    assert newest_loadable(tmp_path).name == 'epoch_10.pth'
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_9.pth'))
    assert newest_loadable(tmp_path).name == 'epoch_9.pth'
    whole = (tmp_path / 'epoch_9.pth').read_bytes()
    (tmp_path / 'epoch_9.pth').write_bytes(whole[: len(whole) // 2])
    assert newest_loadable(tmp_path).name == 'epoch_10.pth'
    (tmp_path / 'epoch_10.pth').write_bytes(b'')
    assert newest_loadable(tmp_path).name == 'epoch_2.pth'
    (tmp_path / 'last_checkpoint').write_text('')
    assert newest_loadable(tmp_path).name == 'epoch_2.pth'


def _run(folder, epoch, **info):
    folder.mkdir(exist_ok=True)
    path = folder / f'epoch_{epoch}.pth'
    torch.save({'message_hub': {'runtime_info': info}, 'epoch': epoch}, path)
    (folder / 'last_checkpoint').write_text(str(path))
    return folder


def test_a_copied_folder_resumes_from_its_own_file(tmp_path):
    original = _run(tmp_path / 'original', 3)
    copy = tmp_path / 'copy'
    shutil.copytree(original, copy)
    assert to_resume_from(copy) == last_checkpoint(copy) == copy / 'epoch_3.pth'
    (copy / 'last_checkpoint').write_text('C:\\runs\\original\\epoch_3.pth\n')
    assert to_resume_from(copy) == copy / 'epoch_3.pth'


def test_a_folder_without_its_file_never_resumes_from_another(tmp_path):
    original, copy = _run(tmp_path / 'original', 3), tmp_path / 'copy'
    copy.mkdir()
    shutil.copy(original / 'last_checkpoint', copy)
    with pytest.raises(FileNotFoundError, match=r'copy/last_checkpoint: names epoch_3.pth.*--res'):
        to_resume_from(copy)
    assert to_resume_from(tmp_path) is None  # nothing was trained there


def test_checkpoints_of_another_out_dir(tmp_path):
    out = tmp_path / 'out'
    shutil.copytree(_run(tmp_path / 'run', 1), out / 'run')
    (tmp_path / 'run' / 'epoch_1.pth').unlink()
    assert to_resume_from(tmp_path / 'run', str(out)) == out / 'run' / 'epoch_1.pth'


def test_the_best_checkpoint_is_the_one_the_training_names(tmp_path):
    run = _run(tmp_path / 'run', 9, best_ckpt='/elsewhere/best_x_epoch_7.pth')
    for epoch in (7, 8):
        (run / f'best_x_epoch_{epoch}.pth').touch()
    assert best_checkpoint(run).name == 'best_x_epoch_7.pth'
    (run / 'last_checkpoint').unlink()
    with pytest.raises(ValueError, match=r'best_x_epoch_7\.pth, best_x_epoch_8\.pth.* leave only'):
        best_checkpoint(run)
    (run / 'best_x_epoch_8.pth').unlink()
    assert best_checkpoint(run).name == 'best_x_epoch_7.pth'
    (run / 'best_x_epoch_7.pth').unlink()
    with pytest.raises(FileNotFoundError, match=r'no best_\*.pth'):
        best_checkpoint(run)


def test_a_moved_training_goes_on_and_deletes_nothing_elsewhere(devkit, tmp_path):
    """Also under MMPretrain's own train.py, which calls the runner alone, as here."""
    cfg = tiny_config(devkit, tmp_path / 'first', 'AN', epochs=2)
    train(cfg)
    shutil.copytree(tmp_path / 'first', tmp_path / 'copy')
    path = tmp_path / 'first' / 'epoch_2.pth'  # of another training by now
    changed = load(path)
    changed['state_dict']['head.fc.weight'] += 1
    torch.save(changed, path)
    before = {p.name: p.read_bytes() for p in (tmp_path / 'first').glob('*.pth')}
    own_start = load(tmp_path / 'copy' / 'epoch_2.pth')['state_dict']['head.fc.weight']
    cfg = tiny_config(devkit, tmp_path / 'copy', 'AN', epochs=5)
    cfg.resume = True
    set_hook(cfg, 'head', type='HeadHook')
    runner = train(cfg)
    start = next(h for h in runner.hooks if isinstance(h, HeadHook)).weight
    assert torch.equal(start.cpu(), own_start)
    assert {p.name: p.read_bytes() for p in (tmp_path / 'first').glob('*.pth')} == before
    best = best_checkpoint(tmp_path / 'copy')
    assert runner.message_hub.get_info('best_ckpt') == str(best)
