"""Times the losses of an earlier commit and of this tree, in turns, and prints the ratios.

`python dev/compare_speed.py` needs the tree that `dev/referee.py` checks out. Each round starts one
process for each version, in alternating order; a ratio is the median over rounds of this tree's
median time over the earlier one's. Losses are timed with forward and backward pass, as under the
hook; a whole step is one of ResNet-18 at 64 px through MMEngine's Runner, hook included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = """
import json, sys, time
import torch
import wsml_mm
torch.set_num_threads(1)
repeats = json.loads(sys.argv[1])
KINDS = dict(AN=wsml_mm.AssumeNegativeLoss, LLR=wsml_mm.LargeLossReject,
             LLCt=wsml_mm.LargeLossCorrectTemp, LLCp=wsml_mm.LargeLossCorrectPerm)

def median(step, count):
    for _ in range(3):
        step()
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return sorted(times)[len(times) // 2]

found = {}
for shape, delta in ((16, 80), 0.4), ((288, 5000), 0.01):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator)
    target = torch.randint(-1, 2, shape, generator=generator).float()
    for name, kind in KINDS.items():
        loss = kind() if name == 'AN' else kind(delta_rel=delta)
        if name == 'LLCp':
            loss = kind(delta_rel=delta, num_samples=shape[0])
        if hasattr(loss, 'set_epoch'):
            loss.set_epoch(3, 10)
        loss.keep_trace = True
        index = torch.arange(shape[0])
        def step():
            leaf = logits.clone().requires_grad_()
            loss(leaf, target, sample_idx=index).backward()
            state = getattr(loss, 'corrections', None)
            if state is not None:
                state._added.clear()
        found[f'{name} {shape[0]}x{shape[1]}'] = median(step, repeats[shape[0] > 16])
print('FOUND', json.dumps(found))
"""
STEP = """
import json, sys, time
import torch
torch.set_num_threads(1)
import wsml_mm
from mmengine.config import Config
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from helpers import tiny_config, train, write_devkit, without_validation
import tempfile, pathlib, logging
@HOOKS.register_module()
class Clock(Hook):
    priority = 'LOWEST'
    def before_train(self, runner):
        self.times, self.last = [], time.perf_counter()
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        now = time.perf_counter()
        self.times.append(now - self.last)
        self.last = now
found = {}
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    kit = write_devkit(folder / 'kit', train=240, size=64)
    for name in ('AN', 'LL-R', 'LL-Ct', 'LL-Cp'):
        cfg = without_validation(tiny_config(kit, folder / name, name, epochs=3))
        cfg.train_dataloader.batch_size = 16
        cfg.model.backbone = dict(type='ResNet', depth=18, out_indices=(3,))
        cfg.model.head.in_channels = 512
        cfg.default_hooks.pop('checkpoint')
        cfg.default_hooks.clock = dict(type='Clock')
        runner = train(cfg)
        times = next(h for h in runner.hooks if isinstance(h, Clock)).times[5:]
        found[f'step {name}'] = sorted(times)[len(times) // 2]
print('FOUND', json.dumps(found))
"""


def measure(tree: Path, code: str, repeats: list[int]) -> dict[str, float]:
    """Runs code with a tree's package; returns the seconds of each row."""
    path = os.pathsep.join([str(tree), str(tree / 'tests')])
    env = {**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'}
    command = [sys.executable, '-W', 'ignore', '-c', code, json.dumps(repeats)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('FOUND ')]
    if not lines:
        sys.exit(done.stderr[-2000:])
    found: dict[str, float] = json.loads(lines[-1].removeprefix('FOUND '))
    return found


def main() -> None:
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--tree', default='work_dirs/referee/tree_20375ee')
    parser.add_argument('--rounds', type=int, default=5)
    args = parser.parse_args()
    trees = {'before': Path(args.tree).resolve(), 'now': ROOT}
    ratios: dict[str, list[float]] = {}
    for round_ in range(args.rounds):
        order = list(trees) if round_ % 2 == 0 else list(trees)[::-1]
        for code in (CODE, STEP):
            found = {name: measure(trees[name], code, [300, 9]) for name in order}
            for row in found['now']:
                ratios.setdefault(row, []).append(found['now'][row] / found['before'][row])
    for row, values in ratios.items():
        spread = f'{min(values):.2f} to {max(values):.2f}'
        print(f'{row:>16}: {statistics.median(values):.3f} x ({spread}, {len(values)} rounds)')


if __name__ == '__main__':
    main()
