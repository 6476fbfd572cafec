"""The process that workers are forked from starts where nobody has started anything before."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from wsml_mm_cli import worker_server

_CODE = """
import pathlib, sys
from multiprocessing import forkserver
from wsml_mm_cli import worker_server
forkserver.ensure_running = lambda: print(*sorted(pathlib.Path(sys.argv[1]).rglob('*.pickle')))
worker_server.start()
"""


@pytest.mark.skipif(not worker_server.is_possible(), reason='workers are not forked here')
def test_yapfs_tables_are_whole_before_two_processes_read_them(tmp_path):
    """On its first import yapf writes them in place, where another process finds them empty."""
    env = {**os.environ, 'XDG_CACHE_HOME': str(tmp_path)}
    command = [sys.executable, '-c', _CODE, str(tmp_path)]
    found = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert len(found.split()) == 2
