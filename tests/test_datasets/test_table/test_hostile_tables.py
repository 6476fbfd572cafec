"""Tables of labels that are refused."""

from __future__ import annotations

from typing import Any

from hostile import Case, Prepare, refusals

from wsml_mm import LabelTable


def label_table(
    *rows: str, header: str = 'image,positive,negative', name: str = 't.csv', **kwargs: Any
) -> Prepare:
    """A table of these rows, read as the dataset reads it."""

    def make(folder):
        (folder / name).write_bytes('\n'.join([header, *rows, '']).encode('latin-1'))
        (folder / 'classes.txt').write_text('cat\ndog\nelk\n')
        options = {'ann_file': name, 'classes': 'classes.txt', **kwargs}
        return lambda: LabelTable(folder, **options)

    return make


# fmt: off
test_refusal = refusals(
    Case('label unknown', label_table('a.jpg,cat,', 'b.jpg,cat|dgo,'), ValueError,
         "t.csv:3: ... 'dgo' ... 'dog'?"),
    Case('other separator', label_table('a.jpg,cat;dog,'), ValueError,
         "t.csv:2: ... 'cat;dog' ... separated by '|' ... separator=';'"),
    Case('contradiction', label_table('a.jpg,cat|dog,elk|dog'), ValueError,
         "t.csv:2: ... 'dog' ... positive and negative ... keep the one"),
    Case('label twice', label_table('a.jpg,cat|cat,'), ValueError,
         "t.csv:2: ... 'cat' ... twice ... list it once"),
    Case('label empty', label_table('a.jpg,cat|,'), ValueError,
         't.csv:2: ... empty label ... remove the extra separator'),
    Case('star among positives', label_table('a.jpg,*,'), ValueError,
         "t.csv:2: '*' ... positive ... negative"),
    Case('image twice', label_table('a.jpg,cat,', './a.jpg,dog,'), ValueError,
         "t.csv:3: ... 'a.jpg' ... twice ... line 2 ... remove one row ... duplicates='merge'"),
    Case('merged rows contradict',
         label_table('a.jpg,cat,', 'a.jpg,,cat', duplicates='merge'), ValueError,
         "t.csv:3: ... 'cat' ... positive and negative ... line 2 ... keep the one"),
    Case('no image', label_table(' ,cat,'), ValueError,
         't.csv:2: ... no image ... name one, or remove the row'),
    Case('name climbs out', label_table('../../etc/passwd,cat,'), ValueError,
         "t.csv:2: ... '../../etc/passwd' ... name a file below"),
    Case('name absolute', label_table('/etc/passwd,cat,'), ValueError,
         "t.csv:2: ... '/etc/passwd' ... name a file below"),
    Case('name with a backslash', label_table('d\\a.jpg,cat,'), ValueError,
         r"""t.csv:2: ... 'd\\a.jpg' ... separated by "/""" + '"'),
    Case('name with NUL', label_table('a\0.jpg,cat,'), ValueError,
         r"t.csv:2: ... 'a\x00.jpg' ... control sign ... write the name alone"),
    Case('cell missing', label_table('a.jpg,cat'), ValueError,
         't.csv:2: 2 cells ... 3 ... write an empty cell'),
    Case('comma in a cell', label_table('a.jpg,cat,dog,elk'), ValueError,
         't.csv:2: 4 cells ... 3 ... put a cell ... in quotation marks'),
    Case('quotation mark left open', label_table('"a.jpg,cat,', 'b.jpg,cat,'), ValueError,
         't.csv:2: ... (unexpected end of data) ... close its quotation marks'),
    Case('no header', label_table('b.jpg,cat,', header='a.jpg,cat,'), ValueError,
         "t.csv:1: ... header ... 'image' ... 'a.jpg', 'cat', '' ... name the columns"),
    Case('column misnamed', label_table('a.jpg,cat,', header='image,positive,negatives'),
         ValueError, "t.csv:1: ... header ... 'negative' ... 'negatives' ... say columns=dict(negative='negatives')"),
    Case('no rows', label_table(), ValueError, 't.csv: ... no rows ... write one an image'),
    Case('in Latin-1', label_table('B\xe4r.jpg,cat,'), ValueError,
         't.csv:2: ... UTF-8 ... byte 1 ... save the file as UTF-8'),
    Case('missing', label_table(ann_file='u.csv'), FileNotFoundError,
         'u.csv: no such file ... check ann_file and data_root'),
    Case('kind unknown', label_table(name='t.xlsx'), ValueError,
         't.xlsx: ... .csv, .tsv, .parquet'),
    Case('JSON truncated', label_table(header='[{"image": "a.jpg"', name='t.json'),
         ValueError, 't.json:1: ... JSON ... write it anew with json.dump'),
    Case('JSON of indices', label_table(
             header='[{"image": "a.jpg", "positive": [1]}]', name='t.json'), ValueError,
         't.json:1: label 1 ... give names, not indices'),
    Case('Parquet of noise', label_table(header='noise', name='t.parquet'), ValueError,
         't.parquet: ... Parquet ... (ArrowInvalid: ... write it anew'),
    Case('class file missing', label_table('a.jpg,cat,', classes='c.txt'),
         FileNotFoundError, 'c.txt: no such file ... list the class names'),
    Case('class named twice', label_table('a.jpg,cat,', classes=['cat', 'cat']), ValueError,
         "classes=[...] ... 'cat' ... twice ... remove one"),
    Case('classes twice', label_table('a.jpg,cat,', classes_from='t.csv'), ValueError,
         "classes and classes_from='t.csv' ... give one"),
    Case('option unknown', label_table('a.jpg,cat,', unlisted='unknown'), ValueError,
         'unlisted=\'unknown\' ... use "unobserved" or "negative"'),
)
# fmt: on
