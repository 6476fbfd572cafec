# Large Loss Matters (CVPR 2022), rejection: the largest losses of unobserved labels are left out.
paper = 'https://arxiv.org/abs/2206.03740'
authors = 'https://github.com/snucml/LargeLossMatters/issues/4'
method = dict(
    key='ll-r',
    title='LL-R',
    colour='#0072B2',
    marker='s',
    loss=dict(type='LargeLossReject', delta_rel=0.2),
    grid={'loss.delta_rel': [0.1, 0.2, 0.4]},
    published={
        # Ours, not the paper's, whose code takes a fraction (default 0.2) and never the epoch.
        'l48': dict(loss=dict(delta_rel=0.2), source='https://arxiv.org/abs/2511.00252'),
        'voc2012': dict(loss=dict(delta_rel=0.2), source=authors),
        'coco2014': dict(loss=dict(delta_rel=0.4), source=authors),
        # The authors name one NUS-WIDE; theirs are the images of Cole et al.
        'nuswide-cole': dict(loss=dict(delta_rel=0.4), source=authors),
        'nuswide-official': dict(loss=dict(delta_rel=0.4), source=authors),
        'cub200': dict(loss=dict(delta_rel=0.4), source=authors),
        # The paper has delta_rel of {0.005, 0.01} here; which method has which is NOT verified.
        'openimages-v3': dict(loss=dict(delta_rel=0.01), source=paper),
    })
