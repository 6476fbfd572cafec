"""Ranks labels that are probably missing or wrong; `audit apply` puts verdicts into new labels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from wsml_mm.apis.assemble import assemble
from wsml_mm.apis.audit import Audit, audit
from wsml_mm.apis.folds import fold_parts, left_out, train_folds
from wsml_mm.apis.suspicion_files import count_by_list, write_for_tools, write_suspicions
from wsml_mm.apis.training_scores import (
    TrainingScores,
    checkpoint_files,
    models_of,
    training_set_of,
)
from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.reports.audit import AuditCams, write_page
from wsml_mm_cli.audit import parse_args
from wsml_mm_cli.command import run

from . import audit_apply
from .comparison_options import stopping_in_one_line
from .options import config_of

_SHOWN = 10  # classes


def audited(args: argparse.Namespace, cfg: Config, leaf: PartialLabelDataset) -> Audit:
    """Makes the audit of a command line, with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import Progress

    held_out: list[tuple[Any, Sequence[Any]]]
    if args.folds:
        parts = fold_parts(leaf, args.folds, args.seed)
        with stopping_in_one_line():
            used = train_folds(
                cfg, leaf, parts, args.out / 'folds', args.seed, args.jobs, args.keep_epochs
            )
        held_out = [(left_out(leaf, part), files) for part, files in zip(parts, used, strict=True)]
    else:
        held_out = [(leaf.indices, checkpoint_files(args.checkpoints))]
    scores = [
        TrainingScores(
            leaf, models_of(cfg, paths, leaf, args.device), rows, args.batch_size, args.workers
        )
        for rows, paths in held_out
    ]
    made: dict[str, Any] = {
        'config': args.config,
        'method': args.method,
        'checkpoints': [model.checkpoint for part in scores for model in part.models],
    }
    with Progress(console=Console(stderr=True)) as progress:
        count = sum(map(len, scores))
        bar = progress.add_task(f'{count} images', total=count)

        def watch(images: int) -> None:
            progress.advance(bar, images)

        return audit(leaf, scores, args.per_class, args.top, made, watch)


def write_pages(
    args: argparse.Namespace, cfg: Config, leaf: PartialLabelDataset, found: Audit
) -> None:
    """Writes the pages to decide on, beside the tables."""
    rows = {str(name): row for row, name in enumerate(SplitNames.of(leaf.dataset).images())}

    def file_of(image: str) -> str:
        path: str = leaf.dataset.get_data_info(rows[image])['img_path']
        return path

    used = found.record['checkpoints']
    cams = AuditCams(assemble(cfg, used[-1], args.device)) if args.cams else None
    pages = write_page(
        found.table,
        file_of,
        args.out / 'audit.html',
        limit=args.limit,
        cams=cams,
        notes=[f'{args.config}, {len(used)} checkpoints'],
        fingerprint=str(found.record['fingerprint']),
    )
    print(
        f'{pages.files[0]}: {pages.pairs:,} of {pages.total:,} suspicions, {len(pages.files)} pages'
    )


def summary(found: Audit) -> str:
    """Returns what an audit found as lines of text."""
    record, lines = found.record, []
    counts = count_by_list(found.table)
    listed = ', '.join(f'{count:,} {name}' for name, count in counts.items())
    lines.append(
        f'{record["scored_images"]:,} images x {len(record["classes"]):,} classes; listed: '
        f'{listed or "nothing"}'
    )
    if not counts.get('missing'):
        lines.append('no label is unobserved: none can be missing')
        return '\n'.join(lines)
    total, most = record['missing'], sorted(record['by_class'], key=_missing, reverse=True)
    lines.append(
        f'labels that are missing, by estimate: {total["estimate"]:,.0f} ({total["low"]:,.0f} to '
        f'{total["high"]:,.0f})'
    )
    for each in most[:_SHOWN]:
        lines.append(
            f'  {each["class"]}: {each["missing"]:,.0f} ({each["missing_low"]:,.0f} to '
            f'{each["missing_high"]:,.0f}) beside {each["observed_positive"]:,} observed'
        )
    if len(most) > _SHOWN:
        lines.append(f'  and {len(most) - _SHOWN:,} more classes in audit.json')
    return '\n'.join(lines)


def few_epochs(record: Mapping[str, Any]) -> str:
    """Returns what to do for a better ranking where few epochs were given; '': nothing."""
    given, trained = record['combined_checkpoints'], record['trained_epochs']
    if record['held_out'] or trained is None or 2 * given >= trained:
        return ''
    return (
        f'{given} of {trained} epochs: the mean over all finds more missing labels; train with '
        '--keep-epochs and give the folder of the training'
    )


def _missing(each: dict[str, Any]) -> float:
    value: float = each['missing']
    return -1.0 if value != value else value  # NaN: no positive of the class is observed


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    if args.action == 'apply':
        audit_apply.apply(args)
        return
    cfg = config_of(args)
    leaf = training_set_of(cfg)
    found = audited(args, cfg, leaf)
    write_suspicions(args.out, found.table, found.record)
    if args.for_tools:
        write_for_tools(args.out, found.table, found.record['classes'], args.image_prefix)
    if args.html:
        write_pages(args, cfg, leaf, found)
    for name, why in found.broken:
        print(f'{name}: cannot be read ({why})', file=sys.stderr)
    if found.record['trained_on_these_labels'] is False:
        print(
            'the checkpoints were trained on other observed labels than the config has: what a '
            'method selected is left out',
            file=sys.stderr,
        )
    if hint := few_epochs(found.record):
        print(hint, file=sys.stderr)
    print(summary(found))
    print(f'{args.out}: suspicions.csv, suspicions.parquet, audit.json')


if __name__ == '__main__':
    run(main)
