# Our own: entropy maximisation whose weight follows from the observed labels, weight decay of the
# head in proportion to them, and a learning rate that falls to 0 by the last epoch. Chosen on
# validation labels of three small data sets; no number of it is published.
method = dict(
    key='recipe',
    title='Recipe: balanced EM',
    colour='#D4001F',
    marker='P',
    loss=dict(type='BalancedEMLoss'),
    hooks=dict(weight_decay=dict(type='ScaledWeightDecayHook', scale=0.1)),
    settings={
        'optim_wrapper.paramwise_cfg.bypass_duplicate': True,
        'param_scheduler': [dict(type='CosineAnnealingLR', by_epoch=True)],
    })
