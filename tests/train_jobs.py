"""Runs several commands in one process a rank; torchrun starts it (see test_several_ranks).

The argument is a folder with `jobs.json`, a list of [name, command, its arguments]. What becomes of
each job is left in NAME/rankR.txt: 'done', or the error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import helpers  # also registers the hooks that watch
import pytest
import torch

from wsml_mm.cli import test, train

COMMANDS = {'train': train.main, 'test': test.main}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    helpers.without_yapf(pytest.MonkeyPatch())
    for name, command, arguments in json.loads((folder / 'jobs.json').read_text()):
        (folder / name).mkdir(exist_ok=True)
        try:
            COMMANDS[command]([*arguments, '--launcher', 'pytorch'])
            outcome = 'done'
        except (ValueError, TypeError, RuntimeError) as error:
            outcome = f'{type(error).__name__}: {error}'
        (folder / name / f'rank{os.environ["RANK"]}.txt').write_text(outcome)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
