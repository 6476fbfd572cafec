# Scores above 0.95 become positive for good: the label store of MIME (ICML 2023) without its head.
code = 'https://github.com/palm-biaoliu/mime'
method = dict(
    key='threshold-write-back',
    title='Write-back 0.95',
    colour='#661100',
    marker='X',
    loss=dict(type='ThresholdWriteBackLoss', threshold=0.95, warm_up=2),
    grid={'loss.threshold': [0.8, 0.9, 0.95]},
    published={
        'voc2012': dict(loss=dict(threshold=0.95, warm_up=2), source=code),
        'coco2014': dict(loss=dict(threshold=0.95, warm_up=2), source=code),
        # The authors name one NUS-WIDE.
        'nuswide-cole': dict(loss=dict(threshold=0.95, warm_up=2), source=code),
        'nuswide-official': dict(loss=dict(threshold=0.95, warm_up=2), source=code),
        'cub200': dict(loss=dict(threshold=0.95, warm_up=5), source=code),
    })
