"""What a comparison compares: a name, and how the config of a run comes about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from wsml_mm.quiet import quiet

from .apply import FULL_LABELS
from .compose import BASELINE, Choice, choose, compose, read_config
from .configs import LOADERS, fill_loaders, partial_datasets
from .method import Method, read_method, shipped_methods
from .options import merge_options
from .partial_validation import add_partial_validation, is_seeded

ALL = 'all'


@dataclass(frozen=True)
class Entry:
    """One row of a comparison.

    Args:
        name: in tables and figures.
        config: file of a protocol or of a complete config.
        method: applied to it; None: the config as it is.
        upper_bound: observe all labels, with AN.
        partial_validation: also choose an epoch by validation labels as poor as the training's, see
            `add_partial_validation`.
    """

    name: str
    config: str
    method: Method | None = None
    upper_bound: bool = False
    partial_validation: bool = True

    def read(self) -> Config:
        """Returns the config, before seeds and options."""
        if self.method is None:
            return read_config(self.config)
        return compose(self.config, self.method, upper_bound=self.upper_bound)


def seeded_config(entry: Entry, seed: int, options: dict[str, Any] | None = None) -> Config:
    """Returns the whole config of a run, one seed for the observed labels and for the training.

    Every entry of a comparison gets the same seeds, so that differences can be taken in pairs.

    Args:
        entry: of `read_entries`.
        seed: of labels and training.
        options: settings to override, as --cfg-options.
    """
    return with_seed(whole_config(entry, options), entry, seed)


def whole_config(entry: Entry, options: dict[str, Any] | None = None) -> Config:
    """Returns the config of an entry's runs, all but the seeds."""
    with quiet():  # MMEngine says for every config which variables of the environment it used
        cfg = entry.read()
    fill_loaders(cfg, LOADERS)
    merge_options(cfg, options)
    return cfg


def with_seed(whole: Config, entry: Entry, seed: int) -> Config:
    """Returns a copy of `whole_config` with the seeds of a run."""
    cfg = deepcopy(whole)
    set_seed(cfg, seed)
    if entry.partial_validation:
        add_partial_validation(cfg)
    return cfg


def set_seed(cfg: Config, seed: int) -> None:
    """Sets the seed of the training, and of observed labels where they are drawn at random."""
    cfg.randomness = dict(cfg.get('randomness', {}), seed=seed)
    for dataset in partial_datasets(cfg.train_dataloader.dataset):
        observe = dataset.get('observe')
        if is_seeded(observe):
            observe.seed = seed


def read_entries(
    configs: Sequence[str], methods: Sequence[str] | None = None, upper_bound: bool = False
) -> list[Entry]:
    """Returns what a command line compares.

    Args:
        configs: with `methods` one PROTOCOL, and besides it complete configs as NAME=FILE; without,
            complete configs, FILE or NAME=FILE.
        methods: keys or files, each applied to the protocol; `ALL`: those of the package.
        upper_bound: add AN with full labels.

    Raises:
        FileNotFoundError: if there is no such config or method.
        ValueError: if two entries carry one name, or the protocol is missing.
    """
    pairs = [argument.rpartition('=')[::2] for argument in configs]
    entries = []
    if methods or upper_bound:
        protocols = [path for name, path in pairs if not name]
        if len(protocols) != 1 or not methods:
            raise ValueError(
                f'{len(protocols)} protocols, {len(methods or [])} methods: write one PROTOCOL '
                '--methods METHOD ..., and complete configs of your own as NAME=FILE'
            )
        entries = _of_protocol(protocols[0], methods, upper_bound)
        pairs = [pair for pair in pairs if pair[0]]
    entries += _of_configs(pairs)
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise ValueError(f'methods {names}: give each its own name, NAME=CONFIG')
    return entries


def _of_protocol(protocol: str, methods: Sequence[str], upper_bound: bool) -> list[Entry]:
    config = choose(protocol).config
    read = [read_method(name) for name in _expanded(methods)]
    entries = [Entry(method.title, config, method) for method in read]
    if upper_bound:
        entries.append(Entry(FULL_LABELS['title'], config, read_method(BASELINE), True))
    return entries


def _expanded(methods: Sequence[str]) -> list[str]:
    """Returns methods with `ALL` replaced by those of the package, the baseline first."""
    shipped = [BASELINE, *(key for key in shipped_methods() if key != BASELINE)]
    names = [n for name in methods for n in (shipped if name == ALL else [name])]
    return list(dict.fromkeys(names)) if ALL in methods else names


def _of_configs(pairs: Sequence[tuple[str, str]]) -> list[Entry]:
    choices = [choose(path) for _, path in pairs]
    short = [name or _title(choice) for (name, _), choice in zip(pairs, choices, strict=True)]
    shared = Counter(short)
    entries = []
    for (name, _), choice, title in zip(pairs, choices, short, strict=True):
        method = None if choice.method is None else read_method(choice.method)
        if not name and shared[title] > 1:
            title = Path(choice.config).stem
        entries.append(Entry(title, choice.config, method, choice.upper_bound))
    return entries


def _title(choice: Choice) -> str:
    """The title of the method: as the config records it, or by the first word of its file."""
    titles = {FULL_LABELS['key']: FULL_LABELS['title']}
    if choice.upper_bound:
        return FULL_LABELS['title']
    if choice.method is not None:
        return read_method(choice.method).title
    record = read_config(choice.config).get('method')
    if isinstance(record, dict) and 'title' in record:
        return str(record['title'])
    titles |= {key: read_method(key).title for key in shipped_methods()}
    word = Path(choice.config).stem.split('_')[0]
    return titles.get(word, word)
