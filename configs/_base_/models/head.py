# One linear layer with the baseline's loss; configs/methods has the others.
model = dict(
    type='ImageClassifier',
    head=dict(
        type='MultiLabelLinearClsHead',
        num_classes=20,
        in_channels=2048,
        loss=dict(type='AssumeNegativeLoss')))
