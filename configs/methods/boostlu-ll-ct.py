# BoostLU (CVPR 2023) with LL-Ct, temporary correction: the head weighs positive evidence of places five times.
# The paper has one delta_rel for all data sets, which it is here too: 0.2 percent an epoch.
paper = 'https://arxiv.org/abs/2304.01804'
method = dict(
    key='boostlu-ll-ct',
    title='BoostLU + LL-Ct',
    colour='#117733',
    marker='X',
    feature_maps=True,
    head=dict(type='BoostLUHead', alpha=5.0),
    loss=dict(type='LargeLossCorrectTemp', delta_rel=0.2),
    published={
        data: dict(source=paper)
        for data in ('voc2012', 'coco2014', 'nuswide-cole', 'nuswide-official',
                     'cub200', 'openimages-v3')
    })
