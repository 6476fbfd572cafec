# EM with asymmetric pseudo-labels (ECCV 2022): the lowest scores become soft negatives.
paper = 'https://arxiv.org/abs/2203.16219'
method = dict(
    key='em-apl',
    title='EM-APL',
    colour='#EE3377',
    marker='P',
    loss=dict(type='EMAPLLoss', alpha=0.2, beta=0.02, warm_up=5),
    grid={'loss.beta': [0.02, 0.2, 0.9]},
    published={
        'voc2012': dict(loss=dict(alpha=0.2, beta=0.02, warm_up=5), source=paper),
        'coco2014': dict(loss=dict(alpha=0.1, beta=0.9, warm_up=5), source=paper),
        # The paper names one NUS-WIDE; its images are the official ones.
        'nuswide-cole': dict(loss=dict(alpha=0.1, beta=0.2, warm_up=4), source=paper),
        'nuswide-official': dict(loss=dict(alpha=0.1, beta=0.2, warm_up=4), source=paper),
        'cub200': dict(loss=dict(alpha=0.01, beta=0.4, warm_up=3), source=paper),
    })
