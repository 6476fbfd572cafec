# VOC2012 as the paper has it: one positive label an image, 80/20 split of the official train,
# tests on the official val; images squashed to 448 x 448, flipped at random.
dataset_type = 'VOC2012'
data_root = '{{$WSML_DATA:data}}/VOCdevkit/VOC2012'

train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(448, 448),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(448, 448),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='PartialLabelDataset',
        observe=dict(type='SinglePositive', seed=1200),
        holdout=dict(part='train', fraction=0.2, seed=1200),
        diagnosis=True,
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            split='train',
            pipeline=train_pipeline)))
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        holdout=dict(part='val', fraction=0.2, seed=1200),
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            split='train',
            pipeline=test_pipeline)))
test_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PartialLabelDataset',
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            split='val',
            pipeline=test_pipeline)))
val_evaluator = dict(type='MeanAveragePrecision')
test_evaluator = dict(type='MeanAveragePrecision', classwise=True)
