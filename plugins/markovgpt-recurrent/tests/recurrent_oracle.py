"""The same laws, computed one context and one position at a time in plain numpy, float64."""

from __future__ import annotations

import numpy as np


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, h, c, w_input, w_hidden, bias):
    """Equations of torch.nn.LSTM; weights (4H, in), gates input, forget, cell, output."""
    i, f, g, o = np.split(w_input @ x + w_hidden @ h + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x, h, w_input, w_hidden, b_input, b_hidden):
    """Equations of torch.nn.GRU; weights (3H, in), gates reset, update, new."""
    r_in, z_in, n_in = np.split(w_input @ x + b_input, 3)
    r_h, z_h, n_h = np.split(w_hidden @ h + b_hidden, 3)
    r, z = sigmoid(r_in + r_h), sigmoid(z_in + z_h)
    return (1 - z) * np.tanh(n_in + r * n_h) + z * h


def recurrent_law(embedding, rnn, head, context):
    """Next-token law of three torch modules, the state run from zero over the context: (V,)."""
    w = {name: tensor.double().numpy() for name, tensor in rnn.state_dict().items()}
    H, gates = rnn.hidden_size, 4 if rnn.mode == "LSTM" else 3
    states = [(np.zeros(H), np.zeros(H)) for _ in range(rnn.num_layers)]
    for token in context:
        x = embedding.weight.detach().double().numpy()[token]
        for layer in range(rnn.num_layers):
            weights = w[f"weight_ih_l{layer}"], w[f"weight_hh_l{layer}"]
            biases = [w.get(f"bias_{kind}_l{layer}", np.zeros(gates * H)) for kind in ("ih", "hh")]
            h, c = states[layer]
            if rnn.mode == "LSTM":
                h, c = lstm_step(x, h, c, *weights, biases[0] + biases[1])
            else:
                h = gru_step(x, h, *weights, *biases)
            states[layer] = h, c
            x = h
    bias = 0.0 if head.bias is None else head.bias.detach().double().numpy()
    return softmax(head.weight.detach().double().numpy() @ x + bias)


def pokepy_law(w, context):
    """Law of the pokepy network from its arrays by file name; batch normalisation as it is defined."""
    x = [w["C"][token] for token in [0] * (8 - len(context)) + list(context)]
    for linear, norm in ((1, 2), (5, 6), (9, 10)):
        pairs = [np.concatenate([x[i], x[i + 1]]) @ w[f"layer_{linear}_weight"] for i in range(0, len(x), 2)]
        gamma, beta, mean, var = (w[f"layer_{norm}_{part}"][0] for part in ("gamma", "beta", "mean", "var"))
        x = [np.tanh(gamma * (y - mean) / np.sqrt(var + 1e-5) + beta) for y in pairs]
    return softmax(x[0] @ w["layer_12_weight"] + w["layer_12_bias"][0])


def textgenrnn_law(w, context):
    """Law of the textgenrnn network from its arrays by name in the file, all 40 positions from the first on."""

    def layer(name):
        kernel, recurrent, bias = (w[f"{name}/{name}/{part}:0"] for part in ("kernel", "recurrent_kernel", "bias"))
        # from here on as keras 2 converts a CuDNNLSTM (engine/saving.py, _convert_rnn_weights)
        kernel = np.hstack([gate.T.reshape(gate.shape, order="F") for gate in np.hsplit(kernel, 4)])
        recurrent = np.hstack([gate.T for gate in np.hsplit(recurrent, 4)])
        return kernel.T, recurrent.T, bias[:512] + bias[512:]

    w = {name: array.astype(np.float64) for name, array in w.items()}
    first, second = layer("rnn_1"), layer("rnn_2")
    h1, c1, h2, c2 = (np.zeros(128) for _ in range(4))
    features = []
    for token in [0] * (40 - len(context)) + list(context):
        x = w["embedding/embedding/embeddings:0"][token]
        h1, c1 = lstm_step(x, h1, c1, *first)
        h2, c2 = lstm_step(h1, h2, c2, *second)
        features.append(np.concatenate([x, h1, h2]))
    features = np.array(features)  # (40, 356)
    attention = softmax(features @ w["attention/attention/attention_W:0"][:, 0])  # (40,)
    return softmax(attention @ features @ w["output/output/kernel:0"] + w["output/output/bias:0"])
