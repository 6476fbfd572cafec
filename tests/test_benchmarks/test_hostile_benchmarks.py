"""VOC devkits and drawn scenes that are refused."""

from __future__ import annotations

from pathlib import Path

from helpers import CLASSES
from hostile import FULL, READ_ONLY, Act, Case, Prepare, fails, kit_of, of_kit, refusals, voc
from PIL import Image

from wsml_mm import ComposedScenes


def class_file(kit: Path, name: str = 'cat') -> Path:
    return kit / 'ImageSets' / 'Main' / f'{name}_train.txt'


def class_line(line: str | bytes) -> Prepare:
    """Adds a line, the seventh, to a class file."""

    def make(folder):
        kit = kit_of(folder)
        text = line.encode() if isinstance(line, str) else line
        class_file(kit).write_bytes(class_file(kit).read_bytes() + text + b'\n')
        return lambda: voc(kit)

    return make


def without_class_file(folder):
    kit = kit_of(folder)
    class_file(kit).unlink()
    return lambda: voc(kit)


def without_positive(folder):
    kit = kit_of(folder)
    for name in CLASSES:
        class_file(kit, name).write_text('train_000 -1\ntrain_001 0\n')
    return lambda: voc(kit)


def foreign_scenes(folder: Path) -> Act:
    (folder / 'scenes').mkdir()
    (folder / 'scenes' / 'thesis.txt').write_text('mine')
    return lambda: ComposedScenes(folder / 'scenes', num_train=1, num_val=1, size=32)


def scenes_on(error: OSError) -> Prepare:
    return lambda folder: fails(
        Image.Image,
        'save',
        error,
        lambda: ComposedScenes(folder / 'scenes', num_train=1, num_val=1, size=32),
    )


LINE = 'cat_train.txt:7: ... {} ... correct the line'
NAME = 'cat_train.txt:7: ... {} ... outside the image folder ... name a file below it'
# fmt: off
test_refusal = refusals(
    Case('devkit missing', lambda folder: lambda: voc(folder / 'nowhere'), FileNotFoundError,
         'nowhere/ImageSets/Main: ... data_root must hold JPEGImages'),
    Case('class file missing', without_class_file, FileNotFoundError,
         'cat_train.txt: no such ... class names and split must be'),
    Case('class unknown', of_kit(lambda kit: voc(kit, classes=('cat', 'unicorn'))),
         FileNotFoundError,
         "unicorn_train.txt: no such ... must be those of the devkit ... 'unicorn'"),
    Case('split unknown', of_kit(lambda kit: voc(kit, split='trainn')), FileNotFoundError,
         "ant_trainn.txt: no such ... must be those of the devkit ... split='trainn'"),
    *(
        Case(name, class_line(line), ValueError, LINE.format(repr(line.strip())))
        for name, line in {
            'label 2': 'extra 2',
            'label not a number': 'extra yes',
            'three columns': 'extra 1 1',
            'name empty': ' 1',
        }.items()
    ),
    Case('image listed twice', class_line('train_000 1'), ValueError,
         'cat_train.txt:7: ... train_000 ... twice ... remove one line'),
    *(
        Case(name, class_line(f'{image} 1'), ValueError, NAME.format(repr(image)))
        for name, image in {
            'name climbs out': '../../../etc/passwd',
            'name absolute': '/etc/passwd',
            'name with a backslash': '..\\extra',
        }.items()
    ),
    Case('name with NUL', class_line('ex\0tra 1'), ValueError,
         r"cat_train.txt:7: ... 'ex\x00tra' holds a control sign ... write the name alone"),
    Case('class file in Latin-1', class_line('Bäume 1'.encode('latin-1')), ValueError,
         'cat_train.txt: ... UTF-8 ... (byte ... save it as UTF-8'),
    Case('class file of noise', class_line(bytes(range(128, 256))), ValueError,
         'cat_train.txt: ... UTF-8 ... save it as UTF-8'),
    Case('no positive left', without_positive, ValueError,
         "Main: ... split 'train' ... check the class files"),
    Case('scenes in the folder of another', foreign_scenes, ValueError,
         '/scenes ... no composed scenes ... give another data_root'),
    Case('scenes with bad sizes',
         lambda folder: lambda: ComposedScenes(folder / 'scenes', num_train=-1), ValueError,
         'num_train=-1 ... at least 0'),
    Case('scenes on a full disk', scenes_on(FULL), OSError,
         '/scenes ... (No space left on device) ... free some space'),
    Case('scenes on a read-only disk', scenes_on(READ_ONLY), OSError,
         '/scenes ... (Read-only file system) ... another data_root'),
)
# fmt: on
