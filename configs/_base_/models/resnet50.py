# The backbone of the paper's tables: torchvision's ResNet-50 with the V1 ImageNet weights (V2
# weights alone move VOC by a point), global average pooling, one linear layer.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet',
        depth=50,
        out_indices=(3, ),
        style='pytorch',
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='IndexedMultiLabelLinearClsHead',
        num_classes=20,
        in_channels=2048,
        loss=dict(type='AssumeNegativeLoss')),
    data_preprocessor=dict(
        type='ClsDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=True))
