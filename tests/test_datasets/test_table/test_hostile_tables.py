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
         ValueError,
         "t.csv:1: ... header ... 'negative' ... say columns=dict(negative='negatives')"),
    Case('header in capitals', label_table('a.jpg,cat', header='Image,Positive'), ValueError,
         "t.csv:1: ... 'Image' ... say columns=dict(image='Image', positive='Positive')"),
    Case('header in capitals, semicolons', label_table('a.jpg;cat', header='Image;positive'),
         ValueError, "t.csv:1: ... 'Image', 'positive' ... say columns=dict(image='Image')"),
    Case('images without labels', label_table('a.jpg', header='image'), ValueError,
         "t.csv:1: ... no 'positive' ... layout='indicators' ... layout='images'"),
    Case('UTF-16', label_table(header='\xff\xfei\0m\0a\0g\0e\0'), ValueError,
         't.csv: is UTF-16 text ... save it as UTF-8'),
    Case('an Excel sheet', label_table(header='PK\x03\x04...'), ValueError,
         't.csv: ... ZIP file or an Excel sheet ... save it as "CSV UTF-8"'),
    Case('gzip', label_table(header='\x1f\x8b...'), ValueError, 't.csv: ... gzip ... gunzip'),
    Case('Parquet called CSV', label_table(header='PAR1...'), ValueError,
         't.csv: ... Parquet ... name end with .parquet'),
    *(Case(f'label {label}', label_table(f'a.jpg,{label}', header='image,positive', classes=None),
           ValueError, f't.csv:2: label {label!r} {why} ... {fix} ... give classes=')
      for label, why, fix in (
          ('nan', 'looks like an empty cell', 'leave the cell empty'),
          ('None', 'looks like an empty cell', 'leave the cell empty'),
          ('<NA>', 'looks like an empty cell', 'leave the cell empty'),
          ("['cat' 'dog']", 'looks like a list', 'write the names alone'),
          ('{cat: 1}', 'looks like a list', 'write the names alone'),
          ("'cat'", 'has its quotation marks', 'write the names alone'),
          ('cat;', "ends with ';'", 'write the names alone'),
          ('?', 'has no letter or digit', 'write the names alone'))),
    Case('label nan, classes given', label_table('a.jpg,nan', header='image,positive'),
         ValueError, "t.csv:2: unknown label 'nan'; it looks like an empty cell: leave the cell"),
    Case('labels separated by blanks', label_table('a.jpg,cat dog', header='image,positive'),
         ValueError, "t.csv:2: unknown label 'cat dog' ... say separator=' '"),
    Case('indicator without a meaning', label_table(
             'a.jpg,1,0,', header='image,cat,dog,elk', layout='indicators'), ValueError,
         "t.csv:2: column 'elk' holds a blank cell ... positive, negative or unobserved ... "
         "signs=dict(unobserved=['blank'])"),
    Case('indicator of words', label_table('a.jpg,1,F', header='image,cat,Sex', classes=None,
             layout='indicators'), ValueError,
         "t.csv:2: column 'Sex' holds 'F' ... if it is no class, say ignored=['Sex']"),
    Case('indicator of a class missing', label_table(
             'a.jpg,1,0,1', header='image,cat,dog,Elk', layout='indicators'), ValueError,
         "t.csv:1: the header has no column for class 'elk'; is 'Elk' meant?"),
    Case('indicator twice', label_table('a.jpg,1,0', header='image,cat,cat', classes=None,
             layout='indicators'), ValueError, "t.csv:1: ... 'cat' ... twice ... keep one column"),
    Case('ignored column missing', label_table('a.jpg,1', header='image,cat', classes=None,
             layout='indicators', ignored=['Sex']), ValueError,
         "t.csv:1: the header has no 'Sex' ... ignored"),
    Case('no indicators', label_table('a.jpg', header='image', classes=None,
             layout='indicators'), ValueError, "t.csv:1: ... no column but 'image' ... add"),
    Case('no class beside a class', label_table('a.jpg,No Finding|cat',
             header='image,positive', nothing='No Finding'), ValueError,
         "t.csv:2: 'No Finding' stands beside other labels; keep what is right"),
    Case('indicators as JSON', label_table(header='[]', name='t.json', layout='indicators'),
         ValueError, "t.json: layout='indicators' is for CSV and Parquet"),
    Case('images alone without classes', label_table('a.jpg', header='image', classes=None,
             layout='images'), ValueError, 't.csv: ... no classes ... give classes='),
    Case('images alone, classes from a table', label_table('a.jpg', header='image', classes=None,
             layout='images', classes_from='u.csv'), ValueError,
         "classes_from='u.csv': has no labels to read; give classes"),
    Case('no rows', label_table(), ValueError, 't.csv: ... no rows ... write one an image'),
    Case('in Latin-1', label_table('B\xe4r.jpg,cat,'), ValueError,
         't.csv:2: ... UTF-8 ... byte 1 ... save the file as UTF-8'),
    Case('missing', label_table(ann_file='u.csv'), FileNotFoundError,
         'u.csv: no such file ... check ann_file and data_root'),
    Case('kind unknown', label_table(name='t.xlsx'), ValueError,
         't.xlsx: ... .csv, .tsv, .parquet'),
    Case('JSON truncated', label_table(header='[{"image": "a.jpg"', name='t.json'),
         ValueError, 't.json:1: ... JSON ... cut off, export or copy it again'),
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
