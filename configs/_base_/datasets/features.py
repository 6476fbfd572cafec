# Stored features of a frozen backbone over a VOC-style devkit; children name the dataset, the
# backbone and the cache. No augmentation: every image is seen once.
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(224, 224),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]
extractor = dict(
    backbone=dict(
        type='TIMMBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(
            type='Pretrained', checkpoint='wsml://efficientnet_lite0')),
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(
        mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0], to_rgb=True))

train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='PartialLabelDataset',
        observe=dict(type='SinglePositive', seed=1200),
        holdout=dict(part='train', fraction=0.2, seed=1200),
        diagnosis=True,
        dataset=dict(
            type='FeatureDataset',
            extractor=extractor,
            cache='work_dirs/features',
            dataset=dict(split='train', pipeline=test_pipeline))))
val_dataloader = dict(
    batch_size=128,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        holdout=dict(part='val', fraction=0.2, seed=1200),
        dataset=dict(
            type='FeatureDataset',
            extractor=extractor,
            cache='work_dirs/features',
            dataset=dict(split='train', pipeline=test_pipeline))))
test_dataloader = dict(
    batch_size=128,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        dataset=dict(
            type='FeatureDataset',
            extractor=extractor,
            cache='work_dirs/features',
            dataset=dict(split='val', pipeline=test_pipeline))))
val_evaluator = dict(type='MeanAveragePrecision')
test_evaluator = dict(type='MeanAveragePrecision', classwise=True)
