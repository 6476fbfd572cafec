_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/adam_10e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='cub200/resnet50_e2e',
    data='cub200',
    title='CUB-200 attributes, ResNet-50, end to end',
    observation='one positive an image')
source = dict(type='CUB200Attributes', data_root='{{$WSML_DATA:data}}/cub')
model = dict(head=dict(num_classes=312))
train_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(dataset=dict(
    dataset=dict(split='test', pipeline={{_base_.test_pipeline}}, **source)))
optim_wrapper = dict(optimizer=dict(lr=7.5e-5))
