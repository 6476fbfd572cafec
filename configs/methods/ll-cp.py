# Large Loss Matters (CVPR 2022), permanent correction: the labels of largest loss become present.
paper = 'https://arxiv.org/abs/2206.03740'
authors = 'https://github.com/snucml/LargeLossMatters/issues/4'
method = dict(
    key='ll-cp',
    title='LL-Cp',
    colour='#CC79A7',
    marker='D',
    loss=dict(type='LargeLossCorrectPerm', delta_rel=0.1),
    grid={'loss.delta_rel': [0.05, 0.1, 0.2]},
    published={
        # Ours, not the paper's, whose code takes a fraction (default 0.2) and never the epoch.
        'l48': dict(loss=dict(delta_rel=0.1), source='https://arxiv.org/abs/2511.00252'),
        'voc2012': dict(loss=dict(delta_rel=0.1), source=authors),
        'coco2014': dict(loss=dict(delta_rel=0.2), source=authors),
        # The authors name one NUS-WIDE; theirs are the images of Cole et al.
        'nuswide-cole': dict(loss=dict(delta_rel=0.2), source=authors),
        'nuswide-official': dict(loss=dict(delta_rel=0.2), source=authors),
        'cub200': dict(loss=dict(delta_rel=0.2), source=authors),
        # The paper has delta_rel of {0.005, 0.01} here; which method has which is NOT verified.
        'openimages-v3': dict(loss=dict(delta_rel=0.005), source=paper),
    })
