_base_ = [
    '../_base_/extractors/resnet50.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

protocol = dict(
    name='l48/resnet50_linear',
    data='l48',
    title='L48, ResNet-50, linear layer on frozen features',
    observation='the target species of the recording')
source = dict(
    type='L48',
    data_root='{{$WSML_DATA:data}}/ml48s',
    pipeline={{_base_.test_pipeline}})
observe = dict(
    _delete_=True, type='L48Target', data_root='{{$WSML_DATA:data}}/ml48s')
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/l48_resnet50')
model = dict(head=dict(num_classes=100))
train_dataloader = dict(dataset=dict(
    observe=observe, holdout=None,
    dataset=dict(dataset=dict(split='train', target_only=True, **source), **cached)))
val_dataloader = dict(dataset=dict(
    holdout=None, dataset=dict(dataset=dict(split='val', **source), **cached)))
test_dataloader = dict(dataset=dict(
    dataset=dict(dataset=dict(split='test', **source), **cached)))
