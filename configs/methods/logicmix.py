# LogicMix (mlcpl): an image is the mean of two or three, with the labels that any of them has.
method = dict(
    key='logicmix',
    title='LogicMix',
    colour='#A65628',
    marker='+',
    loss=dict(type='AssumeNegativeLoss'),
    model=dict(
        data_preprocessor=dict(
            batch_augments=dict(augments=dict(type='LogicMix')))))
