# MixUp-PME (mlcpl): mixup in which an unknown label of the other image counts as one half.
method = dict(
    key='mixup-pme',
    title='MixUp-PME',
    colour='#E69F00',
    marker='x',
    loss=dict(type='AssumeNegativeLoss'),
    model=dict(
        data_preprocessor=dict(
            batch_augments=dict(augments=dict(type='MixUpPME')))))
