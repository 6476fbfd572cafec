"""Runs with an interpreter that has cleanlab: cleanlab_job.py GIVEN.npz ANSWER.npz."""

from __future__ import annotations

import sys

import numpy as np


def main(given: str, answer: str) -> None:
    """Writes cleanlab's quality of each label, plain and adjusted, and which are issues."""
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    from cleanlab.multilabel_classification.rank import get_label_quality_scores_per_class

    with np.load(given) as saved:
        score, positive = saved['score'], saved['positive']
    labels = [np.flatnonzero(row).tolist() for row in positive]
    plain = np.asarray(get_label_quality_scores_per_class(labels, score))
    adjusted = get_label_quality_scores_per_class(labels, score, adjust_pred_probs=True)
    issue = find_multilabel_issues_per_class(labels, score, n_jobs=1)
    np.savez(answer, quality=plain, adjusted=np.asarray(adjusted), issue=issue)


if __name__ == '__main__':
    main(*sys.argv[1:])
