# CRISP's Eq. 7 (NeurIPS 2025) with its class priors of Eq. 2. Not the whole method: its last change
# of Eq. 7 is not published as text, nor is any code, so none of its numbers is claimed.
method = dict(
    key='crisp',
    title='CRISP Eq. 7',
    colour='#4DAF4A',
    marker='H',
    loss=dict(type='CRISPRiskLoss', class_prior='auto', warm_up=1))
