from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import benchmark_trees as trees
import pytest
from helpers import REPO, run_python

from wsml_mm.benchmarks.catalogue import BENCHMARKS
from wsml_mm.cli import prepare_dataset
from wsml_mm.cli.prepare_dataset import main

ANNOTATIONS = 'annotations_trainval2014.zip'


def run(capsys, *argv) -> tuple[int, str]:
    try:
        main([str(word) for word in argv])
        code = 0
    except SystemExit as error:
        code = error.code
    printed = capsys.readouterr()
    return code, printed.out


def pack(folder: Path, archive: Path) -> None:
    """Packs what is in a folder and removes it."""
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    if archive.suffix == '.zip':
        with zipfile.ZipFile(archive, 'w') as opened:
            for path in files:
                opened.write(path, path.relative_to(folder))
    else:
        with tarfile.open(archive, 'w:gz') as opened:
            for path in files:
                opened.add(path, path.relative_to(folder))
    shutil.rmtree(folder)


@pytest.fixture
def coco(tmp_path, monkeypatch):
    """A folder of data sets with COCO as its owners hand it out, and a catalogue that says so."""
    root, source = tmp_path / 'data', trees.write_coco(tmp_path / 'source')
    (root / 'coco').mkdir(parents=True)
    downloads = []
    for download in BENCHMARKS['coco2014'].downloads:
        part = tmp_path / 'part'
        part.mkdir()
        name = download.makes[0].split('/')[0]
        shutil.move(source / name, part / name)
        path = root / 'coco' / download.name
        pack(part, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        downloads.append(
            dataclasses.replace(download, size=path.stat().st_size, checksum=f'sha256:{digest}')
        )
    benchmark = dataclasses.replace(
        BENCHMARKS['coco2014'],
        downloads=tuple(downloads),
        published={'train': {'images': 9, 'held out': 2}, 'val': {'images': 5, 'no label': 0}},
    )
    monkeypatch.setitem(BENCHMARKS, 'coco2014', benchmark)
    return root


def test_nothing_is_there(tmp_path, capsys):
    code, text = run(capsys, 'coco2014', '--root', tmp_path)
    assert code == 1
    for download in BENCHMARKS['coco2014'].downloads:
        assert f'{tmp_path / "coco" / download.name}: is missing ({download.size:,} bytes' in text
        assert f'from  {download.address}' in text
        assert download.checksum in text
        for made in download.makes:
            assert made in text
    assert 'train: not read' in text
    assert 'no such annotation file' not in text  # the download is named already
    assert not (tmp_path / 'coco').exists()


@pytest.mark.parametrize('name', ['nuswide-cole', 'nuswide-official'])
def test_unknown_sizes_and_consent_are_named(tmp_path, capsys, name):
    code, text = run(capsys, name, '--root', tmp_path)
    assert code == 1
    assert 'Flickr.zip: is missing (size unknown, checksum unknown)' in text
    assert 'note  on request' in text


def test_archives_are_there_but_not_unpacked(coco, capsys):
    code, text = run(capsys, 'coco2014', '--root', coco)
    assert code == 1
    assert text.count('is not unpacked; call this again with --unpack') == 3
    assert {ANNOTATIONS, 'train2014.zip', 'val2014.zip', 'wsml_mm'} == set(
        os.listdir(coco / 'coco')
    )


def test_unpack_read_and_compare(coco, capsys):
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack', '--verify')
    assert (code, text.splitlines()[-1]) == (0, 'Nothing is missing.')
    assert text.count(' as published') == 3
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:-1]]
        for cells in (line.split('|') for line in text.splitlines() if line.startswith('|'))
    }
    assert rows['statistic'] == ['train', 'published', 'val', 'published']
    assert rows['images'] == ['9', '9', '4', '5 (differs)']
    assert rows['held out'] == ['2', '2', '', '']
    assert rows['training part'] == ['7', '', '', '']
    assert rows['no label'] == ['0', '', '0', '0']
    assert len(rows['fingerprint'][0]) == 16
    for split in ('train', 'val'):
        assert f"'data_root': '{coco / 'coco'}', 'split': '{split}'" in text
        assert (coco / 'coco/wsml_mm' / f'coco2014_{split}' / 'record.json').is_file()
    again = run(capsys, 'coco2014', '--root', coco)
    assert again[0] == 0
    assert [line for line in text.splitlines() if line.startswith('|')] == [
        line for line in again[1].splitlines() if line.startswith('|')
    ]


def test_only_the_downloads_of_the_wanted_split_are_asked_for(coco, capsys):
    (coco / 'coco/val2014.zip').unlink()
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack', '--split', 'train')
    assert (code, text.splitlines()[-1]) == (0, 'Nothing is missing.')
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack', '--split', 'val')
    assert code == 1
    assert 'val2014.zip: is missing' in text
    assert '4 of the 4 images of val are missing: COCO_val2014_' in text
    assert '| images ' in text  # numbers come from the annotation alone


def test_missing_images_are_counted_and_named(coco, capsys):
    run(capsys, 'coco2014', '--root', coco, '--unpack')
    images = sorted((coco / 'coco/train2014').iterdir())
    gone = [path for path in images if not path.stem.endswith(('003', '101'))][:2]  # no labels
    for path in gone:
        path.unlink()
    code, text = run(capsys, 'coco2014', '--root', coco)
    assert code == 1
    assert f'train2014: 2 of the 9 images of train are missing: {gone[0].name}' in text


def test_wrong_size_and_checksum(coco, capsys):
    path = coco / 'coco' / ANNOTATIONS
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack')
    assert code == 1
    assert f'has {len(content) - 1:,} bytes of {len(content):,}; download it again' in text
    assert not (coco / 'coco/annotations').exists()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack', '--verify')
    assert code == 1
    due = hashlib.sha256(content).hexdigest()
    assert f'instead of {due}; download it again' in text
    assert not (coco / 'coco/annotations').exists()


def test_damaged_archive_is_one_line_and_the_others_go_on(coco, capsys):
    path = coco / 'coco' / ANNOTATIONS
    path.write_bytes(b'x' * path.stat().st_size)
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack')
    assert code == 1
    assert (
        sum(f'{ANNOTATIONS}: is damaged or incomplete' in line for line in text.splitlines()) == 1
    )
    assert (coco / 'coco/train2014').is_dir()


def test_archive_of_something_else(coco, capsys, tmp_path):
    other = tmp_path / 'other'
    other.mkdir()
    (other / 'readme').write_text('x')
    path = coco / 'coco' / ANNOTATIONS
    pack(other, path)
    replaced = [
        dataclasses.replace(d, size=None, checksum=None) for d in BENCHMARKS['coco2014'].downloads
    ]
    BENCHMARKS['coco2014'] = dataclasses.replace(BENCHMARKS['coco2014'], downloads=tuple(replaced))
    code, text = run(capsys, 'coco2014', '--root', coco, '--unpack', '--verify')
    assert code == 1
    assert f'{ANNOTATIONS}: does not hold annotations/instances_train2014.json' in text
    assert text.count('(none is published)') == 3


def test_bad_annotation_is_one_line(coco, capsys):
    run(capsys, 'coco2014', '--root', coco, '--unpack')
    shutil.rmtree(coco / 'coco/wsml_mm')
    (coco / 'coco/annotations/instances_val2014.json').write_text('{}')
    code, text = run(capsys, 'coco2014', '--root', coco)
    assert code == 1
    assert "instances_val2014.json: has no list 'images'; instances of COCO have" in text
    assert '| images ' in text  # of train


def test_interrupted_reading_is_repeated(coco, capsys, monkeypatch):
    from wsml_mm.labels import columns

    save = columns.np.save

    def interrupt(path, array):
        save(path, array)
        if path.name == 'classes.npy':
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(columns.np, 'save', interrupt)
        code, text = run(capsys, 'coco2014', '--root', coco, '--unpack')
    assert code == 130
    assert text.splitlines()[-1].startswith('interrupted; no half of anything is left')
    kept = coco / 'coco/wsml_mm'
    assert not [path for path in kept.iterdir() if path.is_dir()]
    code, _ = run(capsys, 'coco2014', '--root', coco)
    assert code == 0
    assert sorted(path.name for path in kept.iterdir() if path.is_dir()) == [
        'coco2014_train', 'coco2014_val',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('name', 'writer', 'folder'),
    [
        ('cub200', trees.write_cub, 'cub'),
        ('nuswide-cole', trees.write_nus_cole, 'nuswide'),
        ('nuswide-official', trees.write_nus_official, 'nuswide'),
    ],
)
def test_other_benchmarks(tmp_path, capsys, name, writer, folder):
    writer(tmp_path / folder)
    code, text = run(capsys, name, '--root', tmp_path)
    assert (code, text.splitlines()[-1]) == (0, 'Nothing is missing.')
    assert '(differs)' in text
    assert BENCHMARKS[name].source in text


def test_cub_from_its_archive(tmp_path, capsys, monkeypatch):
    (tmp_path / 'cub').mkdir()
    trees.write_cub(tmp_path / 'part')
    pack(tmp_path / 'part', tmp_path / 'cub' / 'CUB_200_2011.tgz')
    download = dataclasses.replace(BENCHMARKS['cub200'].downloads[0], size=None, checksum=None)
    benchmark = dataclasses.replace(BENCHMARKS['cub200'], downloads=(download,))
    monkeypatch.setitem(BENCHMARKS, 'cub200', benchmark)
    assert run(capsys, 'cub200', '--root', tmp_path, '--unpack')[0] == 0
    assert sorted(p.name for p in (tmp_path / 'cub').iterdir() if not p.name.startswith('.')) == [
        'CUB_200_2011', 'CUB_200_2011.tgz', 'attributes.txt', 'wsml_mm',
    ]  # fmt: skip


def test_voc2012(tmp_path, capsys):
    from helpers import write_devkit

    from wsml_mm.benchmarks.voc2012 import VOC_CLASSES

    write_devkit(tmp_path / 'VOCdevkit/VOC2012', train=10, val=5, classes=VOC_CLASSES)
    code, text = run(capsys, 'voc2012', '--root', tmp_path)
    assert (code, text.splitlines()[-1]) == (0, 'Nothing is missing.')
    assert '5,717 (differs)' in text


def test_root_is_the_folder_of_the_configs(monkeypatch):
    monkeypatch.setenv('WSML_DATA', '/mnt/data')
    assert prepare_dataset.parse_args(['cub200']).root == '/mnt/data'
    monkeypatch.delenv('WSML_DATA')
    assert prepare_dataset.parse_args(['cub200']).root == 'data'
    assert prepare_dataset.parse_args(['cub200']).split == ['train', 'test']


@pytest.mark.parametrize('argv', [['coco'], ['coco2014', '--split', 'test']])
def test_unknown_name_or_split(argv, capsys):
    with pytest.raises(SystemExit) as error:
        main(argv)
    assert error.value.code == 2
    assert 'coco2014' in capsys.readouterr().err


def test_tool_ends_with_1_where_something_is_missing(tmp_path):
    result = run_python(str(REPO / 'tools/prepare_dataset.py'), 'cub200', '--root', str(tmp_path))
    assert result.returncode == 1, result.stderr
    assert 'CUB_200_2011.tgz: is missing (1,150,585,339 bytes, md5:97eceeb1' in result.stdout
