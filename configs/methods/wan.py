# Weak assume negative (CVPR 2021): the unobserved labels of an image weigh as one label together.
# It has no hyper-parameter, on any data set.
method = dict(
    key='wan',
    title='WAN',
    colour='#CC6677',
    marker='v',
    loss=dict(type='WANLoss'))
