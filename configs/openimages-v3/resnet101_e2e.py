_base_ = [
    '../_base_/models/resnet101.py',
    '../_base_/pipelines/squash_224.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/adam_20e.py',
    '../_base_/default_runtime.py',
]

# Labels as annotated, positives and verified negatives, in training and evaluation.
# 20 epochs, the rate and delta_rel of {0.005, 0.01} are of the paper; which method has
# which delta_rel, 224 px and batches of 288 (4 x 72) are NOT verified.
protocol = dict(
    name='openimages-v3/resnet101_e2e',
    data='openimages-v3',
    title='OpenImages V3, ResNet-101, end to end',
    observation='as annotated',
    full_labels=False)
source = dict(type='OpenImagesV3', data_root='{{$WSML_DATA:data}}/openimages_v3')
model = dict(head=dict(num_classes=5000))
train_dataloader = dict(batch_size=72, num_workers=8, dataset=dict(
    observe=None, holdout=None, diagnosis=False,
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(batch_size=72, num_workers=8, dataset=dict(
    holdout=None,
    dataset=dict(split='validation', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(batch_size=72, num_workers=8, dataset=dict(
    dataset=dict(split='test', pipeline={{_base_.test_pipeline}}, **source)))
# The published metric: a class with verified positives only counts 100.
val_evaluator = dict(no_negatives='one')
test_evaluator = dict(classwise=False, groups='dataset', no_negatives='one')
