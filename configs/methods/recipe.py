# What does best on pooled features from single positives, by validation on three sets: entropy
# maximisation with a weight by rule, on features of one length, with a weight decay in units of the
# observed positives and a rate that falls to zero over the training. Nothing is to be tuned. For
# frozen features: end to end, at a rate made for AN, it learns too slowly (docs/benchmark.md).
method = dict(
    key='recipe',
    title='Recipe: balanced EM, ridge',
    colour='#222222',
    marker='X',
    loss=dict(type='BalancedEntropyLoss', balance=0.4),
    head=dict(type='FixedLengthLinearHead', length=20.0),
    hooks=dict(relative_weight_decay=dict(type='RelativeWeightDecayHook')),
    settings={
        'optim_wrapper.optimizer.weight_decay': 0.1,
        # The decay is for the new layer; a pretrained backbone stays near where it was.
        'optim_wrapper.paramwise_cfg.custom_keys.backbone.decay_mult': 0.0,
        'param_scheduler': [dict(type='CosineAnnealingLR', by_epoch=True)],
    })
