# The backbone for OpenImages: torchvision's ResNet-101 with the V1 ImageNet weights.
_base_ = './resnet50.py'

extractor = dict(
    backbone=dict(
        depth=101, init_cfg=dict(checkpoint='torchvision://resnet101')))
