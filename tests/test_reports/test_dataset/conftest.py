from __future__ import annotations

import pytest
from report_data import CLASSES, ROWS, write_images


@pytest.fixture(scope='session')
def faulty(tmp_path_factory):
    """A folder with t.csv, classes.txt and images/."""
    root = tmp_path_factory.mktemp('faulty')
    images = root / 'images'
    write_images(images, [f'{number:02d}.jpg' for number in range(13)])
    (images / 'twin.jpg').write_bytes((images / '10.jpg').read_bytes())
    (images / 'cut.jpg').write_bytes((images / '01.jpg').read_bytes()[:300])
    (root / 't.csv').write_text('\n'.join(ROWS) + '\n', encoding='utf-8')
    # yak has negatives only, zebu nothing at all.
    (root / 'classes.txt').write_text('\n'.join(CLASSES) + '\n', encoding='utf-8')
    return root
