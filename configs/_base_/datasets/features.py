# The same loaders over stored features of a frozen backbone (FeatureDataset): every image is read
# once, without augmentation. A config names the data set, the extractor and the cache.
_base_ = './end_to_end.py'

train_dataloader = dict(
    num_workers=0, dataset=dict(dataset=dict(type='FeatureDataset')))
val_dataloader = dict(
    batch_size=128,
    num_workers=0,
    dataset=dict(dataset=dict(type='FeatureDataset')))
test_dataloader = dict(
    batch_size=128,
    num_workers=0,
    dataset=dict(dataset=dict(type='FeatureDataset')))
