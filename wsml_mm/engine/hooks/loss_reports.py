"""What the hook of the losses writes to the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wsml_mm.models.losses import LossTrace, PartialLabelLoss

from .training_facts import metainfo_of

_MOST_REPORTS = 5  # of losses that are not finite: more would hide the rest of the log


def log_scalars(runner: Any, step: int, name: str, scalars: Mapping[str, float]) -> None:
    """Writes an epoch's numbers of a loss to the text log and every visualizer."""
    for key, value in scalars.items():
        runner.message_hub.update_scalar(key, value)
    runner.visualizer.add_scalars(dict(scalars), step=step)
    text = ', '.join(f'{key}: {value:.6g}' for key, value in scalars.items())
    runner.logger.info(f'Epoch(train) [{step}] {name}: {text}')


class LossReports:
    """Warnings and errors of one training, each given once or a few times."""

    def __init__(self) -> None:
        self._warned: set[str] = set()
        self._reports_left = _MOST_REPORTS

    def state(self, runner: Any, loss: PartialLabelLoss) -> dict[str, float]:
        """Returns how much each column of sparse state holds; warns once of a large share."""
        scalars = {}
        for part in loss.parts():
            for name, store in part.state.entry_stores() if part.state is not None else ():
                scalars[f'state/{name}/count'] = float(len(store))
                share, limit = store.share(), store.warn_share
                if share is None:
                    continue
                scalars[f'state/{name}/share'] = share
                if limit is not None and share > limit and name not in self._warned:
                    self._warned.add(name)
                    runner.logger.warning(
                        f'{type(part).__name__} has decided {share:.1%} of the unobserved labels '
                        f'({name}) and goes on with each epoch; stop earlier, lower its rate, or '
                        'set max_fraction'
                    )
        return scalars

    def images(self, runner: Any, trace: LossTrace, samples: list[Any]) -> list[Any]:
        """Returns the data samples of a trace's rows; none where a model has passed only some."""
        if len(trace.observed) == len(samples):
            return samples
        if samples and 'rows' not in self._warned:
            self._warned.add('rows')
            runner.logger.warning(
                f'the loss has seen {len(trace.observed)} of {len(samples)} rows of a batch: which '
                'images they are is not known, so its claims are not judged'
            )
        return []

    def not_finite(
        self, runner: Any, losses: Sequence[PartialLabelLoss], samples: list[Any]
    ) -> None:
        """Names the image and class of the first bad logit, in the first steps only."""
        classes = metainfo_of(runner.train_dataloader.dataset).get('classes')
        reports_left = self._reports_left
        for loss in losses:
            if loss.trace is None or self._reports_left <= 0:
                continue
            bad = ~loss.trace.entry_loss.isfinite()
            if not bad.any():
                continue
            self._reports_left -= 1
            row, label = (int(i) for i in bad.nonzero()[0])
            images = self.images(runner, loss.trace, samples)
            path = getattr(images[row], 'img_path', f'row {row}') if images else f'row {row}'
            named = classes[label] if classes else label
            runner.logger.error(
                f'iteration {runner.iter + 1}: {int(bad.sum())} logits are not finite, the first '
                f'for image {path}, class {named}: lower the learning rate, or check the image'
            )
        if losses and self._reports_left == reports_left > 0:
            self._reports_left -= 1
            names = ', '.join(type(loss).__name__ for loss in losses)
            runner.logger.error(
                f'iteration {runner.iter + 1}: the loss is not finite although the logits of '
                f'{names} are: check the terms, the state and the other losses of the model'
            )
