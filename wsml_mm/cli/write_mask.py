"""Writes the observed labels of a config's training set, over the whole split, as a mask file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmpretrain.registry import DATASETS

from wsml_mm.datasets import FeatureDataset, SplitNames, save_observation
from wsml_mm.datasets.nesting import unwrap
from wsml_mm.experiments.compose import read_config
from wsml_mm.experiments.configs import partial_datasets
from wsml_mm.experiments.options import merge_options
from wsml_mm.version import __version__
from wsml_mm_cli.command import run
from wsml_mm_cli.write_mask import parse_args

# A mask is of the whole split, whatever part of it is trained on.
_OF_A_PART = ('holdout', 'subsample', 'indices', 'bad_images', 'diagnosis', 'lazy_init')


def write_mask(cfg: Config, out: str | Path, made: dict[str, Any] | None = None) -> dict[str, Any]:
    """Writes the mask file of a config's training set; returns its record.

    Raises:
        ValueError: if the training set is not one `PartialLabelDataset`.
    """
    found = list(partial_datasets(cfg.train_dataloader.dataset))
    if len(found) != 1:
        raise ValueError(
            f'{cfg.filename}: the training set holds {len(found)} PartialLabelDatasets; a mask '
            'file is of one, give a config with it'
        )
    observe = found[0].get('observe') or ConfigDict(type='ObserveAll')
    # As in training, but for what needs the images themselves.
    part = {key: found[0][key] for key in found[0] if key not in _OF_A_PART}
    inner = unwrap(found[0].dataset, FeatureDataset)
    dataset = DATASETS.build(dict(part, dataset=inner, observe=observe))
    made = {'observe': observe.to_dict(), 'by': f'wsml_mm {__version__}', **(made or {})}
    names = SplitNames.of(dataset.dataset)
    return save_observation(out, dataset.labels, dataset.full_labels, names, made)


def describe(record: dict[str, Any]) -> str:
    """Returns the counts, the known share and the fingerprint as lines of text."""
    observed, full = record['counts'], record['annotation_counts']
    kinds = {name: (observed[name], full[name]) for name in ('positive', 'negative')}
    kinds['all'] = (sum(pair[0] for pair in kinds.values()), sum(p[1] for p in kinds.values()))
    lines = [f'{record["images"]} images x {len(record["classes"])} classes']
    lines += [
        f'{name:9s} {part:12d} of {whole:12d} known labels observed, {part / whole:8.3%}'
        for name, (part, whole) in kinds.items()
        if whole
    ]
    return '\n'.join([*lines, f'fingerprint {record["fingerprint"]}, labels {record["labels"]}'])


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    cfg = read_config(args.config)
    merge_options(cfg, args.cfg_options)
    record = write_mask(cfg, args.out, {'config': Path(args.config).name})
    print(f'{args.out}: {describe(record)}')
    print(f"train on it: observe=dict(type='ObservationFile', path={args.out!r})")


if __name__ == '__main__':
    run(main)
