_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/adam_10e.py',
    '../_base_/default_runtime.py',
]

# The images re-crawled by Cole et al., on which the paper's figures are.
protocol = dict(
    name='nuswide-cole/resnet50_e2e',
    data='nuswide-cole',
    title='NUS-WIDE (images of Cole et al.), ResNet-50, end to end',
    observation='one positive an image')
source = dict(type='NUSWIDE', data_root='{{$WSML_DATA:data}}/nuswide', version='cole')
model = dict(head=dict(num_classes=81))
train_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source)))
