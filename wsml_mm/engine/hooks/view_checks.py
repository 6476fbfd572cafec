"""Whether a loss that compares views of an image is given them; each refusal is one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wsml_mm.datasets.nesting import unwrapped_datasets, wrapped_datasets
from wsml_mm.datasets.transforms import ExtraViews
from wsml_mm.models.losses import PartialLabelLoss
from wsml_mm.models.views import ViewsClassifier, ViewsPreprocessor

from .mixing import batch_augments
from .set_up import model_of


def check_views(runner: Any, losses: Sequence[PartialLabelLoss]) -> None:
    """Refuses a training whose loss would miss a view, or mistake one for another.

    A classifier of a user's own says in `view_names` which it gives its loss.

    Raises:
        ValueError: naming the view and what is to be added to the config.
    """
    parts = [part for loss in losses for part in loss.parts()]
    needed = list(dict.fromkeys(name for part in parts for name in part.needs_views))
    model = model_of(runner)
    given = getattr(model, 'view_names', None)
    made = list(_made_by_pipelines(runner))
    if not needed and given is None and not any(views for _, views in made):
        return
    who = next((type(part).__name__ for part in parts if part.needs_views), 'the loss')
    if given is None:
        raise ValueError(
            f'{who}: views of the images ({", ".join(needed or max(v for _, v in made))}) reach no '
            f'loss through {type(model).__name__}: use model=dict(type="ViewsClassifier", '
            'views=[...]) with ExtraViews in the training pipeline, or neither of them'
        )
    if missing := [name for name in needed if name not in given]:
        raise ValueError(
            f'{who} needs the view {missing[0]!r}, and {type(model).__name__} gives '
            f'{list(given)}: {_remedy(missing[0])}'
        )
    if isinstance(model, ViewsClassifier):
        _check_pipelines(model, made)
        _check_preprocessor(runner, model)


def _check_pipelines(model: ViewsClassifier, made: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    for dataset, views in made:
        if views != model.views:
            raise ValueError(
                f'the training pipeline of {dataset} makes the views {list(views)}, and the model '
                f'expects {list(model.views)}: put dict(type="ExtraViews", views=dict('
                f'{", ".join(f"{name}=[...]" for name in model.views)})) before PackInputs (there '
                'are none of stored features)'
            )


def _check_preprocessor(runner: Any, model: ViewsClassifier) -> None:
    if not isinstance(model.data_preprocessor, ViewsPreprocessor):
        raise ValueError(
            f'{type(model.data_preprocessor).__name__} does not know views of an image: use '
            'data_preprocessor=dict(type="ViewsPreprocessor", ...)'
        )
    if augments := batch_augments(runner):
        raise ValueError(
            f'data_preprocessor.batch_augments: {type(augments[0]).__name__} would mix the images '
            'and not their views: remove batch_augments'
        )


def _remedy(view: str) -> str:
    if view == 'masked':
        return 'give the model cam_mask=dict(threshold=0.8)'
    return f'add it to views=[...] of the model and to ExtraViews(views=dict({view}=[...]))'


def _made_by_pipelines(runner: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yields the views that each part of the training set makes, and its class."""
    dataset = runner.train_dataloader.dataset
    leaves = [leaf.dataset for leaf in wrapped_datasets(dataset)] + unwrapped_datasets(dataset)
    for leaf in leaves:
        steps = getattr(getattr(leaf, 'pipeline', None), 'transforms', ())
        views = [tuple(step.views) for step in steps if isinstance(step, ExtraViews)]
        yield type(leaf).__name__, sum(views, ())
