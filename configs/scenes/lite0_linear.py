_base_ = [
    '../_base_/extractors/lite0.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/native.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='scenes/lite0_linear',
    data='scenes',
    title='composed scenes, EfficientNet-Lite0, linear layer on frozen features',
    observation='one positive an image')
source = dict(type='ComposedScenes', data_root='{{$WSML_DATA:data}}/composed_scenes')
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/scenes_lite0')
model = dict(head=dict(num_classes=20, in_channels=1280))
train_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source), **cached)))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
