_base_ = [
    '../_base_/extractors/resnet50.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='cub200/resnet50_linear',
    data='cub200',
    title='CUB-200 attributes, ResNet-50, linear layer on frozen features',
    observation='one positive an image')
source = dict(type='CUB200Attributes', data_root='{{$WSML_DATA:data}}/cub')
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/cub200_resnet50')
model = dict(head=dict(num_classes=312))
train_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='test', pipeline={{_base_.test_pipeline}}, **source), **cached)))
