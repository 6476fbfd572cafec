"""Which method suits a data set: from its labels, what is missing, and what a schedule selects."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Readings of ours, not of the papers: below this share of missing positives "assume negative" is
# hardly wrong; selecting more than so many times of what is missing does harm.
FEW, TOO_MUCH = 0.05, 2.0


@dataclass(frozen=True)
class Estimate:
    """How many positive labels are missing among the unobserved, with an interval.

    Args:
        count: of labels.
        low: of the interval.
        high: of it.
        source: what it was estimated from, for the text.
    """

    count: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Schedule:
    """What a large-loss method selects.

    Args:
        title: of the method.
        delta_rel: percent.
        permanent: whether selections add up (LL-Cp), or the last epoch's count (LL-R, LL-Ct).
        of_unobserved: whether the percentage is of the unobserved labels of a batch, not of all.
        max_fraction: no more of the unobserved labels than this share; None: no limit.
    """

    title: str
    delta_rel: float
    permanent: bool
    of_unobserved: bool = False
    max_fraction: float | None = None


@dataclass(frozen=True)
class Facts:
    """What advice is based on.

    Args:
        images: that are trained on.
        classes: C.
        positive: observed labels of the training images.
        negative: likewise.
        epochs: of the training.
        batch: images of a step.
        missing: estimate; None: nobody knows.
        schedule: of the config's method; None: it is no large-loss method.
        precision: share of right ones among the labels selected in the first epochs of a run.
    """

    images: int
    classes: int
    positive: int
    negative: int
    epochs: int
    batch: int
    missing: Estimate | None = None
    schedule: Schedule | None = None
    precision: float | None = None

    @property
    def unobserved(self) -> int:
        """Unobserved labels of the training images."""
        return self.images * self.classes - self.positive - self.negative


def selected_share(schedule: Schedule, facts: Facts) -> float:
    """Returns the share of the unobserved labels that a schedule acts on by the last epoch.

    Each step selects ceil(labels x percent): of small batches, much more than the percentage says.
    """
    step = facts.batch * facts.classes
    open_share = facts.unobserved / (facts.images * facts.classes)
    base = step * open_share if schedule.of_unobserved else step
    times = 1 if schedule.permanent else facts.epochs - 1
    chosen = math.ceil(round(base * min(schedule.delta_rel * times / 100, 1), 6))
    share = chosen / (step * open_share) * (facts.epochs - 1 if schedule.permanent else 1)
    share = 0.0 if facts.epochs < 2 else min(share, 1.0)
    return share if schedule.max_fraction is None else min(share, schedule.max_fraction)


def fitting_delta_rel(facts: Facts, count: float) -> float:
    """Returns the delta_rel with which LL-R leaves out `count` labels in its last epoch, percent.

    Rounded to two digits, as it would be written.
    """
    percent = 100 * count / (facts.images * facts.classes) / max(facts.epochs - 1, 1)
    return float(f'{percent:.2g}')


def advise(facts: Facts, config: str = '') -> list[str]:
    """Returns lines of text: what is known, what the schedule will do, what to train and why.

    Args:
        facts: of the data.
        config: as a command names it; '': no command is written.
    """
    known = facts.positive + facts.negative
    lines = [
        f'{facts.images:,} images x {facts.classes:,} classes, {known / facts.images:.2f} known '
        f'labels an image ({facts.positive / facts.images:.2f} positive, '
        f'{facts.negative / facts.images:.2f} negative)'
    ]
    if not facts.unobserved:
        return [*lines, 'advice: plain AN. Every label is known, so none can be missing']
    lines.append(_what_is_missing(facts))
    if facts.schedule is not None:
        lines += _what_is_selected(facts, facts.schedule)
    if facts.precision is not None:
        lines.append(f'of what the run selected in its first epochs {facts.precision:.0%} is right')
    another = _another(facts)
    if another is not None or facts.missing is None:
        return [*lines, f'advice: {another}']
    return [*lines, *_fitted(facts, facts.missing, config)]


def _what_is_missing(facts: Facts) -> str:
    missing = facts.missing
    if missing is None:
        return (
            f'missing labels: between 0 and {facts.unobserved:,}, the labels alone do not say; '
            'wsml-mm audit estimates it, or a completely labelled validation set does'
        )
    shares = [_of_positives(facts, count) for count in (missing.count, missing.low, missing.high)]
    of_unobserved = missing.count / facts.unobserved
    return (
        f'missing labels: {missing.count:,.0f} ({missing.low:,.0f} to {missing.high:,.0f}) by '
        f'{missing.source}; that is {shares[0]:.0%} ({shares[1]:.0%} to {shares[2]:.0%}) of the '
        f'positives, and {of_unobserved:.1%} of the unobserved labels'
    )


def _of_positives(facts: Facts, count: float) -> float:
    return count / (facts.positive + count) if count else 0.0


def _what_is_selected(facts: Facts, schedule: Schedule) -> list[str]:
    share = selected_share(schedule, facts)
    verb = 'has relabelled' if schedule.permanent else 'leaves out or relabels'
    lines = [
        f'{schedule.title} with delta_rel={schedule.delta_rel:g} {verb} {share:.1%} of the '
        f'unobserved labels by epoch {facts.epochs}'
    ]
    if facts.missing is not None:
        times = share * facts.unobserved / max(facts.missing.high, 1e-9)
        if times > TOO_MUCH:
            many = f'{times:.1f} times' if times < 1000 else 'far more than'
            lines.append(
                f'warning: that is {many} the labels that can be missing (upper end), so most of '
                'it will be wrong; stop earlier, lower delta_rel, or give max_fraction (LL-Cp)'
            )
    elif schedule.permanent and share > 0.5:
        lines.append(
            'warning: LL-Cp would make most labels positive; give max_fraction, fewer epochs or '
            'larger batches (a step relabels at least one label)'
        )
    return lines


def _another(facts: Facts) -> str | None:
    """Returns what to train in the place of LL-R with a fitted delta_rel; None: train that."""
    missing = facts.missing
    if facts.epochs < 2:
        return 'plain AN. The large-loss methods select nothing in the first epoch, the only one'
    if missing is None:
        return (
            'll-r with delta_rel=0.2, as published, beside an in one comparison: how many labels '
            'are missing is not known'
        )
    if _of_positives(facts, missing.high) < FEW:
        return (
            f'plain AN. Fewer than {FEW:.0%} of the positives are missing: a method that selects '
            'would mostly hit labels that are truly absent'
        )
    chance = missing.count / facts.unobserved
    if facts.precision is not None and facts.precision < 2 * chance:
        return (
            f'plain AN. What was selected is right in {facts.precision:.0%} of the cases, by '
            f'chance it would be in {chance:.0%}: large losses do not tell the missing labels here'
        )
    least = 1 / (facts.batch * facts.classes)
    if least > TOO_MUCH * missing.high / (facts.images * facts.classes):
        return (
            'plain AN, or larger batches. A step selects at least one label of '
            f'{facts.batch * facts.classes}, more than are missing'
        )
    return None


def _fitted(facts: Facts, missing: Estimate, config: str) -> list[str]:
    counts = (missing.count, missing.low, missing.high)
    delta, low, high = (fitting_delta_rel(facts, count) for count in counts)
    advice = (
        f'advice: ll-r with delta_rel={delta:g} ({low:g} to {high:g}): in epoch {facts.epochs} it '
        'leaves out as many labels as are missing. Compare it with an under the same seeds'
    )
    setting = f'model.head.loss.delta_rel={delta:g}'
    command = f'  wsml-mm train {config} --method ll-r --cfg-options {setting}'
    return [advice, command] if config else [advice]
