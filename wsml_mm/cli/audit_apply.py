"""Puts the verdicts on an audit's suspicions into new labels."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from wsml_mm.apis.audit import data_facts
from wsml_mm.apis.carried_state import carried, write_state
from wsml_mm.apis.corrected_data import (
    MASK,
    check_written,
    corrected_config,
    forget,
    write_corrected,
)
from wsml_mm.apis.suspicion_files import RECORD, read_record, read_suspicions
from wsml_mm.apis.training_scores import training_set_of
from wsml_mm.apis.verdict_files import read_verdicts
from wsml_mm.apis.verdicts import Decided, Verdict, changes, corrected, decide
from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.datasets.table import read_class_file, read_table, write_table
from wsml_mm.engine.hooks.state_checkpoint import STATE, read_state_checkpoint
from wsml_mm.engine.hooks.training_facts import fingerprint_of
from wsml_mm.experiments.written import write_config
from wsml_mm.labels.class_lists import class_difference
from wsml_mm.labels.files import json_text, write_durably
from wsml_mm.labels.sparse import SparseLabels

from .options import config_of
from .table_options import refuse_table_options, table_format


def apply(args: argparse.Namespace) -> None:
    """Runs the command."""
    inputs = {path.resolve() for path in (*args.verdicts, Path(args.to))}
    if args.out.resolve() in inputs:
        raise ValueError(f'--out {args.out}: is read by this command; give another file')
    (_apply_to_config if args.to.endswith('.py') else _apply_to_table)(args)


def _apply_to_config(args: argparse.Namespace) -> None:
    refuse_table_options(args)
    cfg = config_of(args, args.to)
    leaf = training_set_of(cfg)
    names = SplitNames.of(leaf.dataset)
    decided = _decided(args, leaf.labels, names, data_facts(leaf, names))
    labels, state = corrected(leaf.labels, decided), None
    if args.state_from is not None:
        state = read_state_checkpoint(str(args.state_from), '--state-from ')[STATE]
        if state.get('fingerprint') != fingerprint_of([leaf]):
            raise ValueError(
                f'--state-from {args.state_from}: holds label state of other images or observed '
                f'labels than {args.to} has; give a checkpoint of a training on these'
            )
    _write_for_config(args, cfg, leaf, labels, state)
    _say(args, leaf.labels, decided)
    print('train on them by')
    print('\n'.join(f'  {command}' for command in args.commands))


def _write_for_config(
    args: argparse.Namespace,
    cfg: Config,
    leaf: PartialLabelDataset,
    labels: SparseLabels,
    state: Mapping[str, Any] | None,
) -> None:
    """Writes labels, config and state, or nothing of them."""
    file, kept = args.out.with_suffix('.py'), args.out.with_name(f'{args.out.stem}_state.pth')
    there = '' if state is None else str(kept)
    new = corrected_config(cfg, leaf, args.out, args.write_separator, there)
    made = {'verdicts': [str(path) for path in args.verdicts], 'separator': args.write_separator}
    outputs = [args.out, file, kept]
    _check_free(outputs)
    try:
        write_corrected(args.out, leaf, labels, made)
        now = check_written(new, labels, args.out)
        if state is not None:
            both = (list(SplitNames.of(leaf.dataset).images()),) * 2
            moved, args.dropped = carried(state, both, labels, fingerprint_of([now]))
            write_state(kept, moved)
        commands = write_config(new, file)
    except BaseException:
        forget(outputs)
        raise
    if len(commands) == 1:
        commands = [f'wsml-mm train {shlex.quote(str(file))}{_method_of_audit(args)}']
    args.commands = commands


def _method_of_audit(args: argparse.Namespace) -> str:
    """Returns the option that trains the audited method again, if this command names none."""
    folder = _audit_of(args)
    method = read_record(folder).get('method') if folder is not None else None
    return f' --method {shlex.quote(method)}' if method and not args.method else ''


def _check_free(outputs: Sequence[Path]) -> None:
    if taken := [path for path in outputs if path.exists()]:
        raise ValueError(f'{taken[0]}: is there already; give another --out, or remove it')


def _apply_to_table(args: argparse.Namespace) -> None:
    if args.method or args.upper_bound or args.cfg_options:
        raise ValueError('--method, --upper-bound and --cfg-options are for a config; leave them')
    if args.out.suffix == MASK:
        raise ValueError(f'--out {args.out}: a mask is of a config; write a table, e.g. .csv')
    beside = args.out.with_name(f'{args.out.name}.record.json')
    _check_free([args.out, beside])
    classes = None if args.classes is None else read_class_file(args.classes)
    columns = read_table(Path(args.to), classes, table_format(args)).columns
    names = SplitNames(tuple(columns.metainfo['classes']), lambda: columns.names)
    facts = {
        'fingerprint': names.fingerprint(),
        'images': len(columns),
        'classes': list(names.classes),
        'labels': columns.labels.fingerprint(),
    }
    decided = _decided(args, columns.labels, names, facts)
    labels = corrected(columns.labels, decided)
    write_table(args.out, columns.names, labels, names.classes, args.write_separator)
    record = {
        **facts,
        'labels': labels.fingerprint(),
        'labels_before': facts['labels'],
        'changes': changes(columns.labels, decided),
        'verdicts': [str(path) for path in args.verdicts],
    }
    write_durably(beside, json_text(record, indent=1).encode() + b'\n', 'give another --out')
    _say(args, columns.labels, decided)
    print('train on them by')
    key = 'train_dataloader.dataset.dataset'
    print(f'  wsml-mm train CONFIG --cfg-options {key}.ann_file={shlex.quote(str(args.out))}')


def _decided(
    args: argparse.Namespace, labels: SparseLabels, names: SplitNames, facts: Mapping[str, Any]
) -> Decided:
    """Returns what the verdicts decide, if they are of these data."""
    folder = _audit_of(args)
    asked = None
    if folder is not None:
        _check_audit(folder, read_record(folder), facts, args.to)
        if any(path.suffix == '.json' for path in args.verdicts):
            asked = _asked(read_suspicions(folder)[0])
    verdicts: list[Verdict] = [v for path in args.verdicts for v in read_verdicts(path, asked)]
    return decide(verdicts, labels, list(names.images()), names.classes, args.on_conflict)


def _audit_of(args: argparse.Namespace) -> Path | None:
    """Returns the folder of the audit that the verdicts are of, if it is known."""
    beside: Path = args.verdicts[0].parent
    given: Path | None = args.audit
    return given if given is not None or not (beside / RECORD).is_file() else beside


def _asked(table: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for image, label in zip(table['image'], table['class'], strict=True):
        found.setdefault(image, []).append(label)
    return found


def _check_audit(
    folder: Path, record: Mapping[str, Any], facts: Mapping[str, Any], to: str
) -> None:
    """Refuses verdicts on other data.

    Raises:
        ValueError: naming what differs.
    """
    if different := class_difference(record['classes'], facts['classes']):
        raise ValueError(
            f'{folder / RECORD}: is of other classes than {to} ({different}); apply the verdicts '
            'to the data that were audited'
        )
    if (record['images'], record['fingerprint']) != (facts['images'], facts['fingerprint']):
        raise ValueError(
            f'{folder / RECORD}: is of other images than {to} has, or another order '
            f'({record["images"]} there, {facts["images"]} here); apply the verdicts to the data '
            'that were audited'
        )
    if record['labels'] != facts['labels']:
        raise ValueError(
            f'{folder / RECORD}: is of other observed labels than {to} has; if the verdicts have '
            'been applied to it already, that is done, else audit it anew'
        )


def _say(args: argparse.Namespace, labels: SparseLabels, decided: Decided) -> None:
    counts = {name: count for name, count in changes(labels, decided).items() if count}
    listed = ', '.join(f'{count:,} {name}' for name, count in counts.items())
    print(f'{args.out}: {len(decided.rows):,} labels with verdicts: {listed}')
    if args.state_from is not None:
        print(f'{args.dropped:,} entries of the old training are observed by now and were dropped')
