# VOC2012 at 448 px as features of the paper's frozen ResNet-50: LinearInit's first stage.
_base_ = './features.py'

test_pipeline = [
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(
        type='Resize',
        scale=(448, 448),
        backend='pillow',
        interpolation='bilinear'),
    dict(type='PackInputs'),
]
extractor = dict(
    _delete_=True,
    backbone=dict(
        type='ResNet',
        depth=50,
        out_indices=(3, ),
        style='pytorch',
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')),
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(
        mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
        to_rgb=True))
source = dict(
    type='VOC2012',
    data_root='{{$WSML_DATA:data}}/VOCdevkit/VOC2012',
    pipeline=test_pipeline)
cached = dict(
    dataset=source,
    extractor=extractor,
    cache='work_dirs/features/voc2012_resnet50')
train_dataloader = dict(dataset=dict(dataset=cached))
val_dataloader = dict(dataset=dict(dataset=cached))
test_dataloader = dict(dataset=dict(dataset=cached))
