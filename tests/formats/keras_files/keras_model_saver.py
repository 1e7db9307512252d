"""Saves models with whichever Keras comes first on the path; run as a program, in an empty folder.

Older releases cannot stand beside the present one in one process, so each gets one of its own.
"""

import importlib
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = importlib.import_module(sys.argv[1])
layers = keras.layers


def convolutional():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax"),
        ]
    )


def recurrent():
    inputs = keras.Input((10,))
    hidden = layers.Embedding(100, 8)(inputs)
    hidden = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(hidden)
    hidden = layers.TimeDistributed(layers.Dense(4, kernel_regularizer="l2"))(hidden)
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(hidden)))


def looked_up():
    inputs = keras.Input((1,), dtype="string")
    return keras.Model(inputs, layers.StringLookup(vocabulary=["x", "y"])(inputs))


def harmless_lambda():
    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2.0)])


def hostile_lambda():
    inputs = keras.Input((4,))
    output = layers.Lambda(
        lambda x: x if __name__ == "__main__" else __import__("os").system("echo weighbridge")
    )
    return keras.Model(inputs, output(inputs))


def main():
    honest = {"convolutional": convolutional, "recurrent": recurrent, "looked-up": looked_up}
    carrying = {"weakness-lambda": harmless_lambda, "malicious-lambda": hostile_lambda}
    for name, make in (honest | carrying).items():
        model = make()
        if name == "convolutional":
            model.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy", ["accuracy"])
        model.save(f"{name}.keras")
        if name == "looked-up":
            continue  # Its table cannot be kept in the older format.
        model.save(f"{name}.h5")
        model.save_weights(f"{name}.weights.h5")


if __name__ == "__main__":
    main()
