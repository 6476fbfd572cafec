"""Trains the four methods with an earlier commit and with this tree, and compares bit for bit.

`python dev/referee.py` takes about two minutes: the drawn scenes, frozen features, a few epochs.
Both versions run in this environment, on the same data, features and configs. Compared are the
loss of every step, the images and observed labels in it, the labels acted on, the weights, the
state of the optimiser, LL-Cp's corrections with their epochs, and the validation and test mAP. The
exit status is 1 where something differs. This tree trains the earlier commit's configs, with their
old names of hooks and heads, and then its own composed ones.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
BASE = '20375ee'  # the last commit before the redesign
METHODS = ('an', 'll-r', 'll-ct', 'll-cp')
MAKE = """
import os, sys
from mmengine.config import Config
tree, out, epochs, *methods = sys.argv[1:]
for name in methods:
    earlier = f'{tree}/configs/large_loss/{name}_lite0_linear_scenes.py'
    if os.path.exists(earlier):
        cfg = Config.fromfile(earlier)
    else:
        from wsml_mm.experiments.compose import compose
        cfg = compose('scenes/lite0_linear.py', name)
    cfg.train_cfg.max_epochs = int(epochs)
    cfg.custom_imports.imports = ['wsml_mm', 'referee_spy']
    cfg.default_hooks.spy = dict(type='RefereeSpy')
    cfg.randomness = dict(seed=1200, deterministic=False)
    cfg.dump(f'{out}/{name}.py')
"""
TRAIN = """
import json, sys
import torch
torch.set_num_threads(1)
out, *paths = sys.argv[1:]
import wsml_mm
try:
    from wsml_mm.experiments.training import train
except ModuleNotFoundError:
    from wsml_mm.cli.train import train
from mmengine.config import Config
for path in paths:
    cfg = Config.fromfile(path)
    name = path.rsplit('/', 1)[-1].removesuffix('.py')
    cfg.work_dir, cfg.experiment_name = f'{out}/{name}', f'{out}_{name}'.replace('/', '_')
    runner = train(cfg)
    test = runner.test()
    scores = runner.message_hub.log_scalars['val/multi-label/mAP'].data[0].tolist()
    with open(f'{out}/{name}/scores.json', 'w') as file:
        json.dump(dict(val=scores, test=test), file)
"""


def run(tree: Path, data: Path, code: str, *args: str) -> None:
    """Runs code with a tree's package."""
    path = os.pathsep.join([str(tree), str(ROOT / 'dev')])
    env = {**os.environ, 'PYTHONPATH': path, 'WSML_DATA': str(data), 'OMP_NUM_THREADS': '1'}
    log = data.parent / 'log.txt'
    with log.open('a') as file:
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', code, *args],
            env=env, cwd=data.parent, stdout=file, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(f'{" ".join(args[:1])}: failed, see the end of {log}\n{log.read_text()[-3000:]}')


def corrections(checkpoint: dict[str, Any]) -> list[list[int]]:
    """Returns LL-Cp's corrections, (key, epoch), of a checkpoint of either version."""
    saved = checkpoint.get('wsml_mm')
    if saved is None:
        return []
    if 'corrections' in saved:
        column = saved['corrections'][0]
    else:
        column = saved['losses'][0]['columns']['corrections']
    return [column['keys'].tolist(), column['epochs'].tolist()]


def found(folder: Path, epochs: int) -> dict[str, Any]:
    """Returns all that a run has left to compare."""
    steps = np.load(folder / 'referee.npz')
    checkpoint = torch.load(folder / f'epoch_{epochs}.pth', map_location='cpu', weights_only=True)
    states = checkpoint['optimizer']['state']
    return {
        **{f'step {key}': steps[key].tolist() for key in steps.files},
        **{f'weight {k}': v.tolist() for k, v in checkpoint['state_dict'].items()},
        **{f'optimiser {i} {k}': v.tolist() for i, s in states.items() for k, v in s.items()},
        'corrections': corrections(checkpoint),
        **json.loads((folder / 'scores.json').read_text()),
    }


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--base', default=BASE, help='commit to compare with')
    parser.add_argument('--epochs', type=int, default=5)
    parser.add_argument('--methods', nargs='+', default=list(METHODS))
    parser.add_argument('--work-dir', default='work_dirs/referee', help='kept between calls')
    args = parser.parse_args()
    work = Path(args.work_dir).resolve()
    tree, data = work / f'tree_{args.base}', work / 'data'
    for folder in (data, work / 'configs', work / 'before', work / 'now', work / 'own'):
        folder.mkdir(parents=True, exist_ok=True)
    if not tree.is_dir():
        command = ['git', '-C', str(ROOT), 'worktree', 'add', '--detach', str(tree), args.base]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    configs = [str(work / 'configs' / f'{name}.py') for name in args.methods]
    marker = work / f'done_{args.epochs}_{"_".join(args.methods)}'
    if not marker.is_file():  # the earlier commit does not change: it runs once
        run(tree, data, MAKE, str(tree), str(work / 'configs'), str(args.epochs), *args.methods)
        run(tree, data, TRAIN, str(work / 'before'), *configs)
        marker.touch()
    run(ROOT, data, TRAIN, str(work / 'now'), *configs)
    (work / 'own_configs').mkdir(exist_ok=True)
    run(ROOT, data, MAKE, str(ROOT), str(work / 'own_configs'), str(args.epochs), *args.methods)
    own = [str(work / 'own_configs' / f'{name}.py') for name in args.methods]
    run(ROOT, data, TRAIN, str(work / 'own'), *own)
    failed = False
    for name, when in [(name, when) for name in args.methods for when in ('now', 'own')]:
        before, now = (found(work / each / name, args.epochs) for each in ('before', when))
        wrong = [k for k in before if before[k] != now.get(k)]
        acted = sum(bin(byte).count('1') for byte in before['step mask'])
        verdict = f'DIFFERENT {wrong[:5]}' if wrong else 'equal bit for bit'
        steps = len(before['step loss'])
        which = 'earlier config' if when == 'now' else 'composed config'
        print(f'{name}, {which}: {len(before)} values, {steps} steps, {acted} labels: {verdict}')
        failed |= bool(wrong)
    sys.exit(int(failed))


if __name__ == '__main__':
    main()
