_base_ = [
    '../_base_/models/lite0.py',
    '../_base_/pipelines/squash_128.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/sgd_10e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='voc5/lite0_e2e',
    data='voc5',
    title='voc5, EfficientNet-Lite0, end to end',
    observation='one positive an image')
source = dict(type='VOC2012', data_root='{{$WSML_DATA:data}}/voc5', classes=(
    'bus', 'car', 'cat', 'person', 'train'))
model = dict(head=dict(num_classes=5))
train_dataloader = dict(num_workers=2, dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(num_workers=2, dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(num_workers=2, dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source)))
