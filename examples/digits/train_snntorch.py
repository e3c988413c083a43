"""Train the same classifier in snnTorch, whose neurons subtract their threshold by default.

The layers, the samples and the encoding are those of ``train.py``. A spike subtracts the threshold
in the step after it (``reset_mechanism="subtract"``, ``reset_delay=True``, the defaults of
``snntorch.Leaky``). The script writes two files beside itself:

- ``digits_subtract.nir``: the trained network;
- ``digits_subtract.npz``: the classes that snnTorch gives the samples of ``digits.npz``.

It needs scikit-learn, PyTorch and snnTorch 1.0, and takes some minutes:

    python examples/digits/train_snntorch.py
"""

from __future__ import annotations

import nir
import numpy as np
import snntorch
import torch
from sklearn.datasets import load_digits
from snntorch import surrogate
from train import BATCH, CLASSES, HERE, HIDDEN, KEEP, STEPS, TEST, encode, neurons

EPOCHS, RATE = 25, 3e-3


class Classifier(torch.nn.Module):
    """Two layers of leaky neurons; returns the number of spikes of each output."""

    def __init__(self, pixels):
        super().__init__()
        gradient = surrogate.fast_sigmoid(slope=5)
        self.first = torch.nn.Linear(pixels, HIDDEN, bias=False)
        self.hidden = snntorch.Leaky(beta=float(KEEP), spike_grad=gradient)
        self.second = torch.nn.Linear(HIDDEN, CLASSES, bias=False)
        self.output = snntorch.Leaky(beta=float(KEEP), spike_grad=gradient)

    def forward(self, spikes):
        """Run samples of shape (samples, steps, pixels)."""
        hidden_v, output_v = self.hidden.init_leaky(), self.output.init_leaky()
        total = 0.0
        for step in range(STEPS):
            hidden, hidden_v = self.hidden(self.first(spikes[:, step]), hidden_v)
            output, output_v = self.output(self.second(hidden), output_v)
            total = total + output
        return total


def main():
    """Train, test and write."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(images))  # as in train.py
    test, rest = order[:TEST], order[TEST:]
    inputs = torch.tensor(encode(images).astype(np.float32))
    truth = torch.tensor(labels)
    torch.manual_seed(1)
    model = Classifier(images.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        for batch in torch.tensor(rest)[torch.randperm(len(rest))].split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[batch]), truth[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        classes = model(inputs).argmax(dim=1).numpy()
    for name, part in (("training", rest), ("test", test)):
        print(f"{name} samples:", (classes[part] == labels[part]).mean())
    hidden, output = (
        nir.Linear(layer.weight.detach().numpy()) for layer in (model.first, model.second)
    )
    graph = nir.NIRGraph.from_list(hidden, neurons(HIDDEN), output, neurons(CLASSES))
    nir.write(HERE / "digits_subtract.nir", graph)
    np.savez_compressed(HERE / "digits_subtract.npz", simulated=classes[test].astype(np.uint8))


if __name__ == "__main__":
    main()
