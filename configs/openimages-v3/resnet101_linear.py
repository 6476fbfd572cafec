_base_ = [
    '../_base_/extractors/resnet101.py',
    '../_base_/models/linear.py',
    '../_base_/pipelines/squash_224.py',
    '../_base_/datasets/features.py',
    '../_base_/schedules/linear_25e.py',
    '../_base_/default_runtime.py',
]

# Labels as annotated, positives and verified negatives, in training and evaluation.
# 20 epochs, the rate and delta_rel of {0.005, 0.01} are of the paper; which method has
# which delta_rel, 224 px and batches of 288 (4 x 72) are NOT verified.
protocol = dict(
    name='openimages-v3/resnet101_linear',
    data='openimages-v3',
    title='OpenImages V3, ResNet-101, linear layer on frozen features',
    observation='as annotated',
    full_labels=False)
source = dict(type='OpenImagesV3', data_root='{{$WSML_DATA:data}}/openimages_v3')
cached = dict(
    extractor={{_base_.extractor}}, cache='work_dirs/features/openimages-v3_resnet101', dtype='float16')
model = dict(head=dict(num_classes=5000))
train_dataloader = dict(dataset=dict(observe=None, holdout=None, diagnosis=False, dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source), **cached)))
val_dataloader = dict(dataset=dict(holdout=None, dataset=dict(
    dataset=dict(split='validation', pipeline={{_base_.test_pipeline}}, **source), **cached)))
test_dataloader = dict(dataset=dict(dataset=dict(
    dataset=dict(split='test', pipeline={{_base_.test_pipeline}}, **source), **cached)))
# The published metric: a class with verified positives only counts 100.
val_evaluator = dict(no_negatives='one')
test_evaluator = dict(classwise=False, groups='dataset', no_negatives='one')
