_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/adam_10e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='coco2014/resnet50_e2e',
    data='coco2014',
    title='COCO 2014, ResNet-50, end to end',
    observation='one positive an image')
source = dict(type='COCO2014', data_root='{{$WSML_DATA:data}}/coco')
model = dict(head=dict(num_classes=80))
train_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source)))
