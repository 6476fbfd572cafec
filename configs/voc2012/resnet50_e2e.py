_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/sgd_10e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='voc2012/resnet50_e2e',
    data='voc2012',
    title='VOC 2012, ResNet-50, end to end',
    observation='one positive an image')
source = dict(type='VOC2012', data_root='{{$WSML_DATA:data}}/VOCdevkit/VOC2012')
model = dict(head=dict(num_classes=20))
train_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source)))
