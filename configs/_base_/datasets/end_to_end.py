# The loaders of end-to-end training in the field's protocol: one positive label an image of the
# official training split, a fifth of which is held out for validation with all its labels. A
# config names the data set and the pipelines.
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='PartialLabelDataset',
        observe=dict(type='SinglePositive', seed=1200),
        holdout=dict(part='train', fraction=0.2, seed=1200),
        diagnosis=True))
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        holdout=dict(part='val', fraction=0.2, seed=1200)))
test_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PartialLabelDataset'))
val_evaluator = dict(type='MeanAveragePrecision')
test_evaluator = dict(type='MeanAveragePrecision', classwise=True)
