_base_ = [
    '../_base_/extractors/lite2.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_260.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='voc5/lite2_linear',
    data='voc5',
    title='voc5, EfficientNet-Lite2, linear layer on frozen features',
    observation='one positive an image')
source = dict(type='VOC2012', data_root='{{$WSML_DATA:data}}/voc5', classes=(
    'bus', 'car', 'cat', 'person', 'train'))
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/voc5_lite2')
model = dict(head=dict(num_classes=5, in_channels=1280))
train_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source), **cached)))
train_cfg = dict(max_epochs=60)
