_base_ = [
    '../_base_/extractors/resnet50.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='voc2012/resnet50_linear',
    data='voc2012',
    title='VOC 2012, ResNet-50, linear layer on frozen features',
    observation='one positive an image')
source = dict(type='VOC2012', data_root='{{$WSML_DATA:data}}/VOCdevkit/VOC2012')
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/voc2012_resnet50')
model = dict(head=dict(num_classes=20))
train_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source), **cached)))
