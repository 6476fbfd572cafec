# Expected positive regularisation (CVPR 2021): observed labels, and the number of positives.
# Other data have no number here: add --cfg-options model.head.loss.expected_num_pos=NUMBER, the mean
# number of positive labels of an image, e.g. counted on a fully labelled validation part.
paper = 'https://arxiv.org/abs/2106.09708'
counted = 'counted on the fully labelled validation part'
method = dict(
    key='epr',
    title='EPR',
    colour='#225555',
    marker='<',
    loss=dict(type='EPRLoss'),
    published={
        'voc2012': dict(loss=dict(expected_num_pos=1.5), source=paper),
        'coco2014': dict(loss=dict(expected_num_pos=2.9), source=paper),
        'nuswide-cole': dict(loss=dict(expected_num_pos=1.9), source=paper),
        # The paper names one NUS-WIDE, whose images are those of nuswide-cole.
        'nuswide-official': dict(loss=dict(expected_num_pos=1.9), source=paper),
        'cub200': dict(loss=dict(expected_num_pos=31.4), source=paper),
        # In no paper.
        'voc5': dict(loss=dict(expected_num_pos=1.3), source=counted),
        'mosaic': dict(loss=dict(expected_num_pos=3.0), source=counted),
        'scenes': dict(loss=dict(expected_num_pos=2.0), source=counted),
    })
