# Hill (arXiv 2112.07368): unobserved labels push back least where the score is high. The paper's
# COCO and NUS-WIDE have the defaults; it has no VOC and no CUB.
paper = 'https://arxiv.org/abs/2112.07368'
method = dict(
    key='hill',
    title='Hill',
    colour='#CAB2D6',
    marker='d',
    loss=dict(type='HillLoss'),
    grid={'loss.lam': [1.0, 1.5, 2.0]},
    published={
        'coco2014': dict(loss=dict(margin=1.0, gamma=2.0, lam=1.5), source=paper),
    })
