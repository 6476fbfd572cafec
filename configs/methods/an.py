# Assume negative: every label that was not observed counts as absent. The baseline, and the loss of
# the protocols themselves.
method = dict(
    key='an',
    title='AN',
    colour='#D55E00',
    marker='o',
    loss=dict(type='AssumeNegativeLoss'))
