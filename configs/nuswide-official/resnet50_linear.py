_base_ = [
    '../_base_/extractors/resnet50.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

# The owners' lists: not the images of nuswide-cole, figures do not compare.
protocol = dict(
    name='nuswide-official/resnet50_linear',
    data='nuswide-official',
    title="NUS-WIDE (the owners' lists), ResNet-50, linear layer on frozen features",
    observation='one positive an image')
source = dict(type='NUSWIDE', data_root='{{$WSML_DATA:data}}/nuswide', version='official')
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/nuswide-official_resnet50')
model = dict(head=dict(num_classes=81))
train_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='test', pipeline={{_base_.test_pipeline}}, **source), **cached)))
