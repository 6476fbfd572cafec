_base_ = [
    '../_base_/models/resnet50.py',
    '../_base_/pipelines/squash_448_randaugment.py',
    '../_base_/datasets/end_to_end.py',
    '../_base_/schedules/onecycle_31e.py',
    '../_base_/default_runtime.py',
]

# The protocol of Hill and SPLC (https://arxiv.org/abs/2112.07368), as far as a config says it: strong
# augmentation, pixels from 0 to 1 without normalisation, batches of 128 on one cycle, averaged
# weights. Where it differs: a fifth of the training images, with all their labels, chooses the epoch,
# by the averaged weights alone (theirs: the test set, by the better of both).
protocol = dict(
    name='coco2014/resnet50_hill',
    data='coco2014',
    title='COCO 2014, ResNet-50, protocol of Hill and SPLC',
    observation='one positive an image')
source = dict(type='COCO2014', data_root='{{$WSML_DATA:data}}/coco')
model = dict(
    head=dict(num_classes=80),
    data_preprocessor=dict(mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0]))
train_dataloader = dict(batch_size=128, num_workers=8, dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.train_pipeline}}, **source)))
val_dataloader = dict(batch_size=128, dataset=dict(
    dataset=dict(split='train', pipeline={{_base_.test_pipeline}}, **source)))
test_dataloader = dict(batch_size=128, dataset=dict(
    dataset=dict(split='val', pipeline={{_base_.test_pipeline}}, **source)))
default_hooks = dict(
    ema=dict(
        type='EMAHook',
        ema_type='ExponentialMovingAverage',
        momentum=0.0003,
        update_buffers=True))
