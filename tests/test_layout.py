"""The order of the packages, and that every module has its test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from helpers import REPO

# From the ground up: a package imports those before it only.
ORDER = (
    'labels', 'datasets', 'benchmarks', 'models', 'evaluation', 'engine', 'experiments', 'apis',
    'reports', 'cli',
)  # fmt: skip
BELOW_ALL = {'wsml_mm.quiet', 'wsml_mm.version'}
ABOVE_ALL = {'wsml_mm.__main__'}

# Modules without a test file of their name, and the one that covers them.
COVERED_BY = {
    'wsml_mm.__main__': 'test_launchers',
    'wsml_mm.apis.folds': 'test_audit_command',
    'wsml_mm.apis.model_facts': 'test_export_command',
    'wsml_mm.apis.trained_classifier': 'test_assemble',
    'wsml_mm.apis.window_attention': 'test_export',
    'wsml_mm.benchmarks.benchmark': 'test_catalogue',
    'wsml_mm.benchmarks.coco2014.dataset': 'test_coco2014_dataset',
    'wsml_mm.benchmarks.coco2014.facts': 'test_catalogue',
    'wsml_mm.benchmarks.coco2014.instances': 'test_coco_instances',
    'wsml_mm.benchmarks.composed_scenes.dataset': 'test_composed_scenes_dataset',
    'wsml_mm.benchmarks.composed_scenes.ground': 'test_drawing',
    'wsml_mm.benchmarks.cub200.dataset': 'test_cub200_dataset',
    'wsml_mm.benchmarks.cub200.facts': 'test_catalogue',
    'wsml_mm.benchmarks.downloads.check': 'test_check_downloads',
    'wsml_mm.benchmarks.downloads.download': 'test_check_downloads',
    'wsml_mm.benchmarks.downloads.members': 'test_archives',
    'wsml_mm.benchmarks.l48.dataset': 'test_l48_dataset',
    'wsml_mm.benchmarks.l48.release': 'test_l48_dataset',
    'wsml_mm.benchmarks.l48.target': 'test_l48_dataset',
    'wsml_mm.benchmarks.nuswide.dataset': 'test_nuswide_dataset',
    'wsml_mm.benchmarks.nuswide.facts': 'test_catalogue',
    'wsml_mm.benchmarks.nuswide.lists': 'test_nuswide_lists',
    'wsml_mm.benchmarks.openimages_v3.annotation_lines': 'test_verified_labels',
    'wsml_mm.benchmarks.openimages_v3.dataset': 'test_openimages_dataset',
    'wsml_mm.benchmarks.openimages_v3.facts': 'test_catalogue',
    'wsml_mm.benchmarks.published.others': 'test_lookup',
    'wsml_mm.benchmarks.published.single_positive': 'test_lookup',
    'wsml_mm.benchmarks.published.sources': 'test_lookup',
    'wsml_mm.apis.advice': 'test_advise_data',
    'wsml_mm.reports.ranks': 'test_rank_tables',
    'wsml_mm.cli.advise': 'test_advise_command',
    'wsml_mm.cli.audit': 'test_audit_command',
    'wsml_mm.cli.audit_apply': 'test_audit_command',
    'wsml_mm.cli.compare': 'test_runs',
    'wsml_mm.cli.comparison_options': 'test_execution',
    'wsml_mm.cli.dist_train': 'test_launchers',
    'wsml_mm.cli.draw_cams': 'test_cam_tools',
    'wsml_mm.cli.export': 'test_export_command',
    'wsml_mm.cli.groups': 'test_groups',
    'wsml_mm.cli.label_growth': 'test_label_growth_command',
    'wsml_mm.cli.memorisation': 'test_dynamics_tools',
    'wsml_mm.cli.options': 'test_train_test',
    'wsml_mm.cli.pointing_game': 'test_cam_tools',
    'wsml_mm.cli.predict': 'test_predict_command',
    'wsml_mm.cli.selection_quality': 'test_dynamics_tools',
    'wsml_mm.cli.slurm_train': 'test_launchers',
    'wsml_mm.cli.suite': 'test_suite',
    'wsml_mm.cli.sweep': 'test_sweep_command',
    'wsml_mm.cli.table_options': 'test_check_dataset',
    'wsml_mm.cli.test': 'test_train_test',
    'wsml_mm.cli.train': 'test_train_test',
    'wsml_mm.cli.trained_options': 'test_predict_command',
    'wsml_mm.datasets.annotations': 'test_partial_label',
    'wsml_mm.datasets.boxes.coco': 'test_coco_boxes',
    'wsml_mm.datasets.boxes.openimages': 'test_openimages_boxes',
    'wsml_mm.datasets.boxes.source': 'test_box_source',
    'wsml_mm.datasets.boxes.table': 'test_box_table',
    'wsml_mm.datasets.boxes.voc': 'test_voc_boxes',
    'wsml_mm.datasets.column_dataset': 'test_voc2012',
    'wsml_mm.datasets.feature_cache': 'test_features',
    'wsml_mm.datasets.feature_extraction': 'test_features',
    'wsml_mm.datasets.feature_loader': 'test_feature_loops',
    'wsml_mm.datasets.image_remarks': 'test_image_look',
    'wsml_mm.datasets.images': 'test_partial_label',
    'wsml_mm.datasets.observation.base': 'test_observation_base',
    'wsml_mm.datasets.own_data.image_places': 'test_folder',
    'wsml_mm.datasets.own_data.peek': 'test_guess',
    'wsml_mm.datasets.own_data.words': 'test_guess',
    'wsml_mm.datasets.packaged_files': 'test_packaged_weights',
    'wsml_mm.datasets.pixels': 'test_high_bit_depth',
    'wsml_mm.datasets.table.assemble': 'test_read',
    'wsml_mm.datasets.table.check': 'test_check_labels',
    'wsml_mm.datasets.table.class_file': 'test_classes',
    'wsml_mm.datasets.table.column_names': 'test_read_csv',
    'wsml_mm.datasets.table.csv_rows': 'test_read_csv',
    'wsml_mm.datasets.table.indicator_columns': 'test_indicators',
    'wsml_mm.datasets.table.json_rows': 'test_read_json',
    'wsml_mm.datasets.table.layout': 'test_check_labels',
    'wsml_mm.datasets.table.rows': 'test_indicators',
    'wsml_mm.engine.head_step': 'test_feature_loops',
    'wsml_mm.engine.hook_calls': 'test_feature_loops',
    'wsml_mm.engine.hooks.large_loss_hook': 'test_own_methods',
    'wsml_mm.engine.hooks.loss_reports': 'test_partial_label_hook',
    'wsml_mm.engine.hooks.predictions': 'test_own_methods',
    'wsml_mm.engine.hooks.seeds': 'test_epoch_seed_hook',
    'wsml_mm.engine.hooks.set_up': 'test_partial_label_hook',
    'wsml_mm.engine.hooks.state_checkpoint': 'test_partial_label_hook',
    'wsml_mm.engine.hooks.step_facts': 'test_own_methods',
    'wsml_mm.engine.hooks.training_facts': 'test_wrappers',
    'wsml_mm.evaluation.class_rule': 'test_mean_average_precision',
    'wsml_mm.evaluation.decisions': 'test_partial_label_metric',
    'wsml_mm.evaluation.metrics.observed_metric': 'test_mean_average_precision',
    'wsml_mm.experiments.backbone_sources': 'test_extractors',
    'wsml_mm.experiments.class_counts': 'test_groups',
    'wsml_mm.experiments.comparison': 'test_sweep_command',
    'wsml_mm.experiments.configs': 'test_train_test',
    'wsml_mm.experiments.data_digests': 'test_identity',
    'wsml_mm.experiments.entries': 'test_runs',
    'wsml_mm.experiments.memory': 'test_partial_validation',
    'wsml_mm.experiments.method': 'test_apply',
    'wsml_mm.experiments.new_config': 'test_init',
    'wsml_mm.experiments.pipelines': 'test_apply',
    'wsml_mm.experiments.retest': 'test_cam_tools',
    'wsml_mm.experiments.sweep_settings': 'test_sweep',
    'wsml_mm.experiments.trained': 'test_dynamics_tools',
    'wsml_mm.experiments.training': 'test_train_test',
    'wsml_mm.experiments.tuning': 'test_suite',
    'wsml_mm.experiments.written': 'test_write_config',
    'wsml_mm.labels.blocks': 'test_keep_ratio',
    'wsml_mm.labels.encoding': 'test_observation_file',
    'wsml_mm.models.backbones.feature_input': 'test_features',
    'wsml_mm.models.batch_augments.base': 'test_mixture',
    'wsml_mm.models.label_state.entry_checks': 'test_entries',
    'wsml_mm.models.label_state.state': 'test_contract',
    'wsml_mm.models.losses.base': 'test_contract',
    'wsml_mm.models.losses.checks': 'test_contract',
    'wsml_mm.models.losses.entrywise': 'test_contract',
    'wsml_mm.models.losses.expected_positives': 'test_contract',
    'wsml_mm.models.losses.guarded': 'test_published_values',
    'wsml_mm.models.losses.large_loss.base': 'test_selecting',
    'wsml_mm.models.losses.large_loss.correct_temp': 'test_selecting',
    'wsml_mm.models.losses.large_loss.reject': 'test_selecting',
    'wsml_mm.models.losses.observed_only': 'test_published_values',
    'wsml_mm.models.losses.focal': 'test_hill',
    'wsml_mm.models.losses.prior_column': 'test_asymmetric',
    'wsml_mm.reports.dataset.phrases': 'test_check',
    'wsml_mm.reports.groups_figure': 'test_groups',
    'wsml_mm.reports.label_growth_figure': 'test_label_growth',
    'wsml_mm.reports.label_history': 'test_label_growth',
    'wsml_mm.reports.model_card': 'test_export_command',
    'wsml_mm.reports.pointing': 'test_pointing_report',
    'wsml_mm.reports.prediction_pictures': 'test_predict_command',
    'wsml_mm.reports.published_statistics': 'test_prepare_dataset',
    'wsml_mm.reports.selection_figures': 'test_selection_quality',
    'wsml_mm.reports.ranks_figure': 'test_ranks',
    'wsml_mm.reports.suite': 'test_suite',
    'wsml_mm.reports.suite_protocol': 'test_suite',
    'wsml_mm.reports.sweep': 'test_sweep',
}


def modules(root: Path) -> dict[str, Path]:
    """Every module below a package's folder by its dotted name; a package is its `__init__`."""
    found = {}
    for path in sorted(root.rglob('*.py')):
        parts = path.relative_to(root.parent).with_suffix('').parts
        found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Everything a module imports, also inside functions; modules of `known` in full."""
    package = name.split('.')[: None if path.name == '__init__.py' else -1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = '.'.join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f'{base}.{alias.name}'
                yield inner if inner in known else base


def graph(root: Path) -> dict[str, set[str]]:
    """The modules that each module of a package imports, itself left out."""
    known = modules(root)
    return {
        name: {other for other in imports(name, path, known) if other in known} - {name}
        for name, path in known.items()
    }


def level(module: str) -> int:
    """The place of a module's package in `ORDER`; the top `wsml_mm` imports all."""
    parts = module.split('.')
    if module in BELOW_ALL:
        return -1
    return len(ORDER) if len(parts) == 1 or module in ABOVE_ALL else ORDER.index(parts[1])


def upward(edges: dict[str, set[str]]) -> list[str]:
    """The imports that run up, as 'importer -> imported'."""
    return [
        f'{module} -> {other}'
        for module, others in edges.items()
        for other in sorted(others)
        if level(other) > level(module)
    ]


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """The modules of one cycle, or nothing."""
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


@pytest.fixture(scope='module')
def edges():
    return graph(REPO / 'wsml_mm')


def test_every_package_is_in_the_order(edges):
    packages = {module.split('.')[1] for module in edges if '.' in module}
    assert packages - {name.split('.')[1] for name in BELOW_ALL | ABOVE_ALL} <= set(ORDER)


def test_no_import_runs_up(edges):
    assert upward(edges) == []


def test_no_cycle_between_modules(edges):
    assert cycle(edges) == []


def test_labels_need_no_framework():
    heavy = ('torch', 'torchvision', 'mmengine', 'mmpretrain', 'mmcv')
    known = modules(REPO / 'wsml_mm')
    found = [
        f'{name} -> {other}'
        for name, path in known.items()
        if name.startswith('wsml_mm.labels')
        for other in imports(name, path, known)
        if other.split('.')[0] in heavy
    ]
    assert found == []


def test_every_module_has_its_test():
    tests = list((REPO / 'tests').rglob('test_*.py'))
    known = {n: p for n, p in modules(REPO / 'wsml_mm').items() if p.name != '__init__.py'}
    own = {name for name in known if has_test(name, tests)}
    assert sorted(known.keys() - own - COVERED_BY.keys()) == []  # give it a test, or list it
    assert sorted(COVERED_BY.keys() - (known.keys() - own)) == []  # gone, or has its own by now
    assert sorted(set(COVERED_BY.values()) - {path.stem for path in tests}) == []  # no such test


def has_test(module: str, tests: list[Path]) -> bool:
    """Whether there is a test file of a module's name in the tests of its package."""
    package, name = module.split('.')[1], module.rpartition('.')[2]
    folders = {f'test_{package}'} if package != name else {'tests'}
    return any(path.stem == f'test_{name}' and folders & {*path.parts} for path in tests)


def test_the_walk_sees_what_it_looks_for(tmp_path):
    """An upward import, also a relative one inside a function, and a cycle are found by name."""
    root = tmp_path / 'wsml_mm'
    files = {
        '__init__.py': 'from .cli import x',
        'labels/__init__.py': 'from .a import b',
        'labels/a.py': 'def f():\n    from ..reports import plots\n    import torch.nn\n',
        'reports/__init__.py': '',
        'reports/plots.py': 'from wsml_mm.labels import a',
        'cli/__init__.py': '',
        'cli/x.py': 'import wsml_mm.reports.plots',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = graph(root)
    assert upward(found) == ['wsml_mm.labels.a -> wsml_mm.reports.plots']
    assert set(cycle(found)) == {'wsml_mm.labels.a', 'wsml_mm.reports.plots'}
    known = modules(root)
    assert 'torch.nn' in imports('wsml_mm.labels.a', root / 'labels/a.py', known)
    assert found['wsml_mm.cli.x'] == {'wsml_mm.reports.plots'}
