_base_ = [
    '../_base_/extractors/resnet50.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

# The images re-crawled by Cole et al., on which the paper's figures are.
protocol = dict(
    name='nuswide-cole/resnet50_linear',
    data='nuswide-cole',
    title='NUS-WIDE (images of Cole et al.), ResNet-50, linear layer on frozen features',
    observation='one positive an image')
source = dict(type='NUSWIDE', data_root='{{$WSML_DATA:data}}/nuswide', version='cole')
cached = dict(extractor={{_base_.extractor}}, cache='work_dirs/features/nuswide-cole_resnet50')
model = dict(head=dict(num_classes=81))
train_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source), **cached)))
