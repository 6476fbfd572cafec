# A linear layer on stored features (FeatureDataset): the first stage of LinearInit.
_base_ = './head.py'

model = dict(
    backbone=dict(type='FeatureInput'),
    data_preprocessor=dict(type='FeaturePreprocessor'))
