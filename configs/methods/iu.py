# Observed labels alone (CVPR 2021), the floor: where no negative is observed, as with single
# positives, it learns that everything is present. Its published rows have one negative an image too.
method = dict(
    key='iu',
    title='IU floor',
    colour='#999933',
    marker='X',
    loss=dict(type='IgnoreUnobservedLoss'))
