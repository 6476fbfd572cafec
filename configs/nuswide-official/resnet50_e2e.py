_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/pipelines/squash_448.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/adam_10e.py',
    '../_base_/default_runtime.py',
]

# The owners' lists: not the images of nuswide-cole, figures do not compare.
protocol = dict(
    name='nuswide-official/resnet50_e2e',
    data='nuswide-official',
    title="NUS-WIDE (the owners' lists), ResNet-50, end to end",
    observation='one positive an image')
source = dict(type='NUSWIDE', data_root='{{$WSML_DATA:data}}/nuswide', version='official')
model = dict(head=dict(num_classes=81))
train_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(dataset=dict(
    dataset=dict(split='test', pipeline={{_base_.test_pipeline}}, **source)))
