# A linear layer on stored features (FeatureDataset): the first stage of LinearInit.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='FeatureInput'),
    head=dict(
        type='IndexedMultiLabelLinearClsHead',
        num_classes=20,
        in_channels=1280,
        loss=dict(type='AssumeNegativeLoss')))
