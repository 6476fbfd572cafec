# SPLC (arXiv 2112.07368): unobserved labels scored above tau count as present from epoch 2 on. The
# paper's COCO and NUS-WIDE have the defaults; it has no VOC and no CUB.
paper = 'https://arxiv.org/abs/2112.07368'
method = dict(
    key='splc',
    title='SPLC',
    colour='#8C6BB1',
    marker='h',
    loss=dict(type='SPLCLoss', tau=0.6),
    grid={'loss.tau': [0.5, 0.6, 0.7]},
    published={
        'coco2014': dict(loss=dict(tau=0.6, margin=1.0, gamma=2.0), source=paper),
    })
