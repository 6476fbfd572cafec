# Assume negative with label smoothing (CVPR 2021): targets of 0.9 and 0.1, as in the authors' code.
code = 'https://github.com/elijahcole/single-positive-multi-label/blob/master/losses.py'
method = dict(
    key='lsan',
    title='LSAN',
    colour='#332288',
    marker='P',
    loss=dict(type='LSANLoss', smoothing=0.1),
    grid={'loss.smoothing': [0.05, 0.1, 0.2]},
    published={
        data: dict(loss=dict(smoothing=0.1), source=code)
        for data in ('voc2012', 'coco2014', 'nuswide-cole', 'nuswide-official', 'cub200')
    })
