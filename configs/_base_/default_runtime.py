# What every config of wsml_mm shares. Self-contained: bases of the form `mmpretrain::...` break on
# new setuptools.
default_scope = 'mmpretrain'
custom_imports = dict(imports=['wsml_mm'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='DurableCheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        save_best='multi-label/mAP',
        rule='greater'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='VisualizationHook', enable=False),
    # Keys of their own, so that a child config's `custom_hooks` list does not drop them.
    partial_label=dict(type='PartialLabelHook'),
    epoch_seed=dict(type='EpochSeedHook'),
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    linear_init=dict(type='LinearInitHook'))

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))

visualizer = dict(
    type='LateFigureVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0, deterministic=False)
