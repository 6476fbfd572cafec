_base_ = ['../extractors/lite0.py', './head.py']

model = dict(
    backbone={{_base_.extractor.backbone}},
    neck={{_base_.extractor.neck}},
    head=dict(in_channels=1280),
    data_preprocessor={{_base_.extractor.data_preprocessor}})
