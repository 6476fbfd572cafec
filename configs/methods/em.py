# Entropy maximisation (ECCV 2022): unobserved labels are drawn to the score that decides nothing.
paper = 'https://arxiv.org/abs/2203.16219'
method = dict(
    key='em',
    title='EM',
    colour='#44AA99',
    marker='v',
    loss=dict(type='EMLoss', alpha=0.2),
    grid={'loss.alpha': [0.05, 0.1, 0.2]},
    published={
        'voc2012': dict(loss=dict(alpha=0.2), source=paper),
        'coco2014': dict(loss=dict(alpha=0.1), source=paper),
        # The paper names one NUS-WIDE; its images are the official ones.
        'nuswide-cole': dict(loss=dict(alpha=0.1), source=paper),
        'nuswide-official': dict(loss=dict(alpha=0.1), source=paper),
        'cub200': dict(loss=dict(alpha=0.01), source=paper),
    })
