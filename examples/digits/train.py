"""Train the classifier of handwritten digits that ``examples/16_trained_digits.py`` reads.

Two layers of leaky neurons without bias, trained by gradient descent through time with a surrogate
gradient (Neftci, Mostafa and Zenke 2019, IEEE Signal Process. Mag. 36:51), in NumPy. A spike sets v
to 0 and passes both layers within one step. It writes two files beside itself:

- ``digits.nir``: the trained network;
- ``digits.npz``: 500 samples that were not trained on as spikes (``inputs``), their ``labels``, and
  the classes that this simulator gives them (``simulated``).

It needs scikit-learn for the images (Alpaydin and Kaynak 1998, UCI, optical recognition of
handwritten digits, CC BY 4.0) and takes a minute:

    python examples/digits/train.py
"""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np

HERE = Path(__file__).parent
STEPS, DT = 25, 1e-3  # steps of a sample; s
HIDDEN, CLASSES = 48, 10
KEEP = np.float64(0.9)  # of v in a step
EPOCHS, BATCH, RATE = 40, 64, 3e-3
SHARPNESS = 5.0  # of the surrogate gradient
TEST = 500


def encode(images):
    """Turn intensities from 0 to 16 into spikes: a full pixel spikes in every second step."""
    phase = np.arange(STEPS + 1)[:, None] * (images[:, None, :] / 32.0)
    return np.diff(np.floor(phase), axis=1).astype(np.uint8)  # samples, steps, pixels


def layer(weights, arriving):
    """Run a layer; return v before the reset, and spikes, each of shape (samples, steps, size)."""
    drive = arriving @ weights.T
    before, spikes = np.empty_like(drive), np.empty_like(drive)
    v = np.zeros_like(drive[:, 0])
    for step in range(STEPS):
        before[:, step] = v = KEEP * v + drive[:, step]
        spikes[:, step] = v > 1.0
        v = v * (1.0 - spikes[:, step])
    return before, spikes


def backward(before, spikes, gradient):
    """Return the gradient with regard to the drive, from that with regard to the spikes."""
    surrogate = 1.0 / (1.0 + SHARPNESS * np.abs(before - 1.0)) ** 2
    found = np.empty_like(before)
    later = np.zeros_like(before[:, 0])
    for step in reversed(range(STEPS)):
        # v after the reset reaches the next step; the reset itself has no gradient.
        later = gradient[:, step] * surrogate[:, step] + KEEP * later * (1.0 - spikes[:, step])
        found[:, step] = later
    return found


def classes_of(weights, inputs):
    """Return the class of each sample: the output with the most spikes."""
    hidden = layer(weights[0], inputs)[1]
    return layer(weights[1], hidden)[1].sum(axis=1).argmax(axis=1)


def train(inputs, labels, rng):
    """Return the weights of both layers, by Adam on the cross-entropy of the spike counts."""
    weights = [
        rng.normal(0.0, 1.0, (HIDDEN, inputs.shape[2])) / np.sqrt(inputs.shape[2]) + 0.02,
        rng.normal(0.0, 1.0, (CLASSES, HIDDEN)) / np.sqrt(HIDDEN),
    ]
    means, squares, updates = [0.0, 0.0], [0.0, 0.0], 0
    for _ in range(EPOCHS):
        for batch in np.array_split(rng.permutation(len(inputs)), len(inputs) // BATCH):
            arriving = inputs[batch].astype(np.float64)
            hidden_v, hidden = layer(weights[0], arriving)
            output_v, output = layer(weights[1], hidden)
            scores = np.exp(output.sum(axis=1) - output.sum(axis=1).max(axis=1, keepdims=True))
            error = scores / scores.sum(axis=1, keepdims=True)
            error[np.arange(len(batch)), labels[batch]] -= 1.0
            error = np.repeat(error[:, None, :] / len(batch), STEPS, axis=1)
            to_output = backward(output_v, output, error)
            to_hidden = backward(hidden_v, hidden, to_output @ weights[1])
            updates += 1
            for k, (drive, source) in enumerate(((to_hidden, arriving), (to_output, hidden))):
                slope = np.einsum("bti,btj->ij", drive, source, optimize=True)
                means[k] = 0.9 * means[k] + 0.1 * slope
                squares[k] = 0.999 * squares[k] + 0.001 * slope**2
                step = means[k] / (1 - 0.9**updates)
                weights[k] -= RATE * step / (np.sqrt(squares[k] / (1 - 0.999**updates)) + 1e-8)
    return [item.astype(np.float32).astype(np.float64) for item in weights]


def neurons(size):
    """Return leaky neurons whose v keeps ``KEEP`` in a step and takes its input as it is."""
    tau = DT / (1.0 - KEEP)
    values = {"tau": tau, "r": tau / DT, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    return nir.LIF(**{name: np.full(size, value) for name, value in values.items()})


def main():
    """Train, test and write."""
    from sklearn.datasets import load_digits  # the simulator alone does not need it

    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(1)
    order = rng.permutation(len(images))
    test, rest = order[:TEST], order[TEST:]
    weights = train(encode(images[rest]), labels[rest], rng)
    classes = classes_of(weights, encode(images[test]))
    print("training samples:", (classes_of(weights, encode(images[rest])) == labels[rest]).mean())
    print("test samples:    ", (classes == labels[test]).mean())
    hidden = nir.Linear(weights[0].astype(np.float32))
    output = nir.Linear(weights[1].astype(np.float32))
    graph = nir.NIRGraph.from_list(hidden, neurons(HIDDEN), output, neurons(CLASSES))
    nir.write(HERE / "digits.nir", graph)
    np.savez_compressed(
        HERE / "digits.npz",
        inputs=encode(images[test]),
        labels=labels[test].astype(np.uint8),
        simulated=classes.astype(np.uint8),
    )


if __name__ == "__main__":
    main()
