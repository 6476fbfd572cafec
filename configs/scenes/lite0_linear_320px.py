# At 320 px a map has 10 x 10 cells, enough to see where a network looks (docs/evidence.md).
_base_ = './lite0_linear.py'

protocol = dict(
    name='scenes/lite0_linear_320px',
    title='composed scenes at 320 px, EfficientNet-Lite0, linear layer on frozen features')
test_pipeline = [
    dict(type='LoadResizedImage', scale=(320, 320)),
    dict(type='PackInputs'),
]
large = dict(dataset=dict(pipeline=test_pipeline), cache='work_dirs/features/scenes_lite0_320px')
train_dataloader = dict(dataset=dict(dataset=large))
val_dataloader = dict(dataset=dict(dataset=large))
test_dataloader = dict(dataset=dict(dataset=large))
