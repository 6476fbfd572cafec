# voc5 at 128 px for end-to-end fine-tuning on a small machine.
_base_ = './voc2012_448.py'

train_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(128, 128),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(128, 128),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]
data_root = '{{$WSML_DATA:data}}/voc5'
source = dict(
    data_root=data_root, classes=('bus', 'car', 'cat', 'person', 'train'))
train_dataloader = dict(
    num_workers=2,
    dataset=dict(dataset=dict(pipeline=train_pipeline, **source)))
val_dataloader = dict(
    num_workers=2,
    dataset=dict(dataset=dict(pipeline=test_pipeline, **source)))
test_dataloader = dict(
    num_workers=2,
    dataset=dict(dataset=dict(pipeline=test_pipeline, **source)))
