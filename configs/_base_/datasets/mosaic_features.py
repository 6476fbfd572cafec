# mosaic: 4,000 scenes of small photographs, 10 classes, VOC layout below $WSML_DATA (default: data).
_base_ = './features.py'

source = dict(
    type='VOC2012',
    data_root='{{$WSML_DATA:data}}/mosaic',
    classes=('airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse',
           'ship', 'truck'))
cached = dict(dataset=source, cache='work_dirs/features/mosaic_lite0')
train_dataloader = dict(dataset=dict(dataset=cached))
val_dataloader = dict(dataset=dict(dataset=cached))
test_dataloader = dict(dataset=dict(dataset=cached))
