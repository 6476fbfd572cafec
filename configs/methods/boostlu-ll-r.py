# BoostLU (CVPR 2023) with LL-R, rejection: the head weighs positive evidence of places five times.
# The paper has one delta_rel for all data sets, which it is here too: 0.5 percent an epoch.
paper = 'https://arxiv.org/abs/2304.01804'
method = dict(
    key='boostlu-ll-r',
    title='BoostLU + LL-R',
    colour='#1F4E79',
    marker='P',
    feature_maps=True,
    head=dict(type='BoostLUHead', alpha=5.0),
    loss=dict(type='LargeLossReject', delta_rel=0.5),
    published={
        data: dict(source=paper)
        for data in ('voc2012', 'coco2014', 'nuswide-cole', 'nuswide-official',
                     'cub200', 'openimages-v3')
    })
