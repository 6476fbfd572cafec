from __future__ import annotations

import pytest

from wsml_mm.labels.prior_files import priors_of, read_priors


def write(path, text):
    (path / 'p.csv').write_text(text)
    return str(path / 'p.csv')


def test_a_file_goes_by_names(tmp_path):
    file = write(tmp_path, '\ufeffclass,prior\n"cat, wild",0.25\n\ndog,1e-3\n')
    assert read_priors(file) == {'cat, wild': 0.25, 'dog': 0.001}
    assert priors_of(file, 2, ['dog', 'cat, wild']).tolist() == [0.001, 0.25]
    assert priors_of((0.5, 1), 2).tolist() == [0.5, 1]


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('a,0.1\nb\n', r'p\.csv:2: has 1 cells in place of two; write a line "class,prior"'),
        ('a,0.1\nb,much\n', r"p\.csv:2: 'much' is no number"),
        ('a,0.1\nb,1.5\n', r"p\.csv:2: prior of 'b'=1\.5: a share between 0 and 1"),
        ('a,0.1\nb,nan\n', r"p\.csv:2: prior of 'b'=nan: a share"),
        ('a,0.1\na,0.2\n', r"p\.csv:2: class 'a' comes twice"),
        ('a,0.1\nc,0.2\n', r'of other classes than the training set \(only there: c; only here: b'),
        ('a,0.1\n', r'1 classes there, 2 here'),
    ],
)
def test_other_files_are_refused_in_one_line(text, says, tmp_path):
    with pytest.raises(ValueError, match=says) as error:
        priors_of(write(tmp_path, text), 2, ['a', 'b'])
    assert '\n' not in str(error.value)


def test_other_lists_are_refused(tmp_path):
    with pytest.raises(ValueError, match='1 values for 2 classes; give one for each'):
        priors_of([0.1], 2)
    with pytest.raises(ValueError, match=r'class_prior\[1\]=2: a share'):
        priors_of([0.1, 2], 2)
    with pytest.raises(ValueError, match='class names of the training set are not known'):
        priors_of(write(tmp_path, 'a,0.1\n'), 1)
    with pytest.raises(FileNotFoundError, match='no such file of class priors'):
        priors_of(str(tmp_path / 'none.csv'), 1, ['a'])
