"""Observed labels in files that are refused."""

from __future__ import annotations

import os

import numpy as np
from hostile import FULL, Case, fails, refusals, save_pickle
from hostile_masks import (
    LABELS,
    NAMES,
    changed_annotation,
    half_a_mask,
    in_record,
    mask,
    mask_bytes,
    mask_of_objects,
    matrix_bytes,
    observed,
    observing,
    put,
    save,
    save_archive,
    save_broken_zip,
    save_half,
    save_huge,
    save_objects,
    without_fingerprint,
)

from wsml_mm import ObservationFile
from wsml_mm.datasets import save_observation

NO_MASK = 'obs.npz: ... mask file ({} ... write it with tools/write_mask.py'
NO_MATRIX = 'obs.npy: ... .npy matrix of numbers ( ... ); write it with numpy.save'
# fmt: off
MATRICES = [
    Case('observed labels missing',
         lambda folder: lambda: ObservationFile(folder / 'obs.npy')(LABELS), FileNotFoundError,
         'obs.npy: no such ... check `observe`'),
    *(
        Case(f'observed labels {kind}', observed(write), ValueError, NO_MATRIX)
        for kind, write in {
            'of objects': save_objects,
            'pickled': save_pickle,
            'npz': save_archive,
            'of text': save([['a', 'b', 'c']] * 2),
            'as a text file': lambda path: path.write_text('1 0 1\n0 1 0\n'),
            'truncated': save_half,
            'empty file': lambda path: path.write_bytes(b''),
            'in a broken archive': save_broken_zip,
            'with a huge header': save_huge,
        }.items()
    ),
    Case('observed labels of another shape', observed(save(np.zeros((3, 3)))), ValueError,
         'obs.npy: ... (3, 3) ... (2, 3) ... observe over the whole'),
    Case('observed labels contradict', observed(save([[1, 1, 1], [0, 1, 0]])), ValueError,
         'obs.npy: row 0, class 1 ... annotation ... check the image order'),
    Case('observed labels NaN in wsml', observed(save([[1, np.nan, 1], [0, 1, 0]])), ValueError,
         "obs.npy: label nan ... 'wsml' ... correct the file or name its encoding"),
    Case('encoding unknown', observed(save([[1, 0, 1], [0, 1, 0]]), encoding='voc'), ValueError,
         "obs.npy: ... encoding 'voc' ... use ["),
]
MASKS = [
    Case('mask file missing', observing(lambda folder: ObservationFile(folder / 'obs.npz')),
         FileNotFoundError, 'obs.npz: no such ... check `observe`'),
    *(
        Case(f'mask file {kind}', mask_bytes(write), ValueError, NO_MASK.format(''))
        for kind, write in {
            'of objects': mask_of_objects,
            'pickled': save_pickle,
            'of text': lambda path: path.write_text('1 0 1'),
            'truncated': half_a_mask,
            'empty': lambda path: path.write_bytes(b''),
            'broken archive': save_broken_zip,
            'of another project': save_archive,
            'that is a matrix': lambda path: path.open('wb').write(matrix_bytes()),
        }.items()
    ),
    *(
        Case(f'mask file with {kind}', mask(change), ValueError, NO_MASK.format(f' ... {says}'))
        for kind, (change, says) in {
            'no values': (lambda arrays: arrays.pop('values'), 'no values'),
            'a record of noise': (put('record', '{"'), 'JSONDecodeError'),
            'a record of a list': (put('record', '[]'), 'format'),
            'a record of numbers': (put('record', [1.0, 2.0]), 'JSONDecodeError'),
            'another format': (in_record(format=2), 'format'),
            'no class list': (in_record(classes=None), 'NoneType'),
            'no number of images': (in_record(images='many'), 'many'),
            'rest 5': (in_record(rest=5), 'rest=5'),
            'values of float': (put('values', [1.0] * 3), 'values ... float64'),
            'values in two dimensions': (put('values', [[1] * 3], dtype=np.int8), 'shape (1, 3'),
            'a value of 7': (put('values', [1, 7, 1], dtype=np.int8), 'value that is not a label'),
            'a value listed as the rest':
                (put('values', [1, -1, 1], dtype=np.int8), 'value that is not a label'),
            'too few values': (put('values', [1], dtype=np.int8), '3 classes, 1 values'),
            'class 9': (put('classes', [0, 2, 9], dtype=np.int32), 'class index 9'),
            'class -1': (put('classes', [-1, 2, 1], dtype=np.int32), 'least -1'),
            'a class twice': (put('classes', [2, 2, 1], dtype=np.int32), 'not ascend'),
            'classes in disorder': (put('classes', [2, 0, 1], dtype=np.int32), 'not ascend'),
            'other labels': (put('classes', [0, 1, 1], dtype=np.int32), 'not those of its record'),
            'a row too many': (put('indptr', [0, 2, 3, 3]), '2 images'),
            'rows that go back': (put('indptr', [0, 3, 2]), '2 images'),
            'rows from 1': (put('indptr', [1, 2, 3]), '2 images'),
            'rows beyond the end': (put('indptr', [0, 2, 30]), '30 labels'),
        }.items()
    ),
    Case('mask file without a fingerprint', mask(without_fingerprint), ValueError,
         'obs.npz: ... other images ... write a mask file for this split'),
    Case('mask file of other classes', mask(in_record(classes=['cat', 'elk', 'dog'])), ValueError,
         "obs.npz: ... class list or order (class 1 is 'elk' ... write a mask file"),
    Case('mask file of other images', mask(in_record(fingerprint='0' * 16)), ValueError,
         f'obs.npz: ... other images ... (fingerprint {"0" * 16} there ... write a mask file'),
    Case('mask file with a fingerprint of nothing', mask(in_record(fingerprint=None)), ValueError,
         'obs.npz: ... other images ... write a mask file for this split'),
    Case('mask file that contradicts', changed_annotation, ValueError,
         'obs.npz: row 1, class 1 ... annotation ... write the file anew'),
    Case('mask file with an encoding', mask(encoding='nan'), ValueError,
         "obs.npz: encoding='nan' ... .npy ... leave it out"),
    Case('mask file on a full disk',
         lambda folder: fails(os, 'fsync', FULL, lambda: save_observation(
             folder / 'obs.npz', LABELS, LABELS, NAMES)), OSError,
         'obs.npz: ... (No space left on device) ... free some space'),
]
# fmt: on
test_refusal = refusals(*MATRICES, *MASKS)
