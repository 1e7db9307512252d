"""Which load calls reach a graph, by format."""

LOADERS = {
    "onnx": ("onnx.load", "onnxruntime.InferenceSession"),
    "tensorflow-saved-model": ("tf.saved_model.load", "keras.layers.TFSMLayer"),
    "tensorflow-graph": ("tf.import_graph_def",),
    "tensorflow-meta-graph": ("tf.compat.v1.train.import_meta_graph",),
    "tensorflow-keras-metadata": ("tf_keras.models.load_model",),
    "tflite": ("tf.lite.Interpreter",),
    "xgboost": ("xgboost.Booster.load_model",),
    "lightgbm": ("lightgbm.Booster(model_file=...)",),
    "catboost": ("catboost.CatBoost.load_model",),
    "paddle": ("paddle.inference.create_predictor", "paddle.jit.load"),
    "mxnet": ("mxnet.symbol.load", "mxnet.gluon.SymbolBlock.imports"),
    "mnn": ("MNN::Interpreter::createFromFile", "MNN.nn.load_module_from_file"),
    "ncnn": ("ncnn::Net::load_param",),
    "ncnn-binary": ("ncnn::Net::load_param_bin",),
    "tensorflow-js": ("tf.loadLayersModel", "tf.loadGraphModel"),
    "spacy-config": ("spacy.load", "spacy train"),
    "coreml": ("MLModel(contentsOf:) of Core ML",),
    "torch7": ("torch.load of Torch7", "torchfile.load"),
    "openvino": ("openvino.Core.read_model",),
    "pmml": ("a PMML evaluator such as JPMML",),
}
